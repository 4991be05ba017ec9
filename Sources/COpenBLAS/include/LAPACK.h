// The routines of LAPACK that are used; Debian's OpenBLAS carries LAPACK but no header for it.
#pragma once

/// DSYEV: eigenvalues (ascending) and eigenvectors (columns, in place of the matrix) of a symmetric matrix.
void dsyev_(const char *job, const char *half, const int *order, double *matrix, const int *leading,
            double *values, double *work, const int *work_size, int *info);

/// DPOTRF: the Cholesky factor of a symmetric positive definite matrix, in place of its half.
void dpotrf_(const char *half, const int *order, double *matrix, const int *leading, int *info);

static inline void advk_dpotrf(const char *half, const int *order, double *matrix, const int *leading,
                               int *info) {
  dpotrf_(half, order, matrix, leading, info);
}

static inline void advk_dsyev(const char *job, const char *half, const int *order, double *matrix,
                              const int *leading, double *values, double *work, const int *work_size,
                              int *info) {
  dsyev_(job, half, order, matrix, leading, values, work, work_size, info);
}
