#ifndef ADVKIT_CALLOCATIONCOUNTER_H
#define ADVKIT_CALLOCATIONCOUNTER_H

/// Starts counting the allocations of the calling thread.
void advk_allocations_begin(void);
/// Stops counting; returns the allocations since the beginning, or -1 where they cannot be counted.
long advk_allocations_end(void);

#endif
