#ifndef ADVKIT_COPENBLAS_H
#define ADVKIT_COPENBLAS_H

// Debian keeps OpenBLAS's own header beside that of the reference library.
#if __has_include(<cblas-openblas.h>)
#include <cblas-openblas.h>
#else
#include <cblas.h>
#endif

#include "LAPACK.h"

#endif
