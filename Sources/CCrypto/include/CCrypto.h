// CCrypto
