// CWeights
