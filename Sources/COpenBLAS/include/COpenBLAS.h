// COpenBLAS
#include "LAPACK.h"
