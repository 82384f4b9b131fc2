/* Time that only goes up. */
#ifndef WEFT_BASE_CLOCK_H
#define WEFT_BASE_CLOCK_H

double weft__clock(void); /* seconds since some moment; in the browser in steps of up to 0.1 ms */

#endif
