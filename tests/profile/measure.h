// What is counted and when: instructions inside a window of the download, and only while the product's own code
// runs. Everything that stands in for hardware, server or processor pauses the count around itself. Without
// valgrind the requests cost a few instructions and do nothing.
#ifndef URLBOOT_TESTS_PROFILE_MEASURE_H
#define URLBOOT_TESTS_PROFILE_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

struct measure_counts {      // events that product code caused, inside the window and outside
    uint64_t frames;         // received, retransmitted ones too
    uint64_t polls, empty;   // of the NIC, and those that brought nothing
    uint64_t acks;           // frames sent
    uint64_t clock_reads;    // now_us()
    uint64_t writes;         // pieces of the body that reached the sink
    uint64_t copied, copies; // bytes and calls of memcpy() and memmove()
    uint64_t cleared;        // bytes of memset()
    uint64_t hashed;         // bytes of sha256_update()
};

extern struct measure_counts measure_counts;

// Of the processor's clock in the window, the product's code alone, its copies and its hash included. Under valgrind
// it says nothing.
extern uint64_t measure_ticks;

// Opens and closes the window. To be called while paused.
void measure_window(bool open);

// Not the product's code from here on, until measure_resume(). They nest.
void measure_pause(void);
void measure_resume(void);

// True between measure_pause() and measure_resume().
bool measure_is_paused(void);

#endif
