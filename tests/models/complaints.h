// What a driver did that real hardware would not forgive: each distinct sentence is kept once, with how often.
#ifndef URLBOOT_TESTS_MODELS_COMPLAINTS_H
#define URLBOOT_TESTS_MODELS_COMPLAINTS_H

#include <stdbool.h>
#include <stdio.h>

// Records a complaint. Keep the text the same for the same fault: addresses and counts that always differ would
// make one complaint of each. The first of its kind goes to stderr, too.
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

// How many distinct complaints there are.
unsigned complaints_count(void);

// Whether a complaint holds the words `part`.
bool complaints_heard(const char *part);

// Prints "complaints N" and below it one line for each: how often, and what.
void complaints_print(FILE *out);

// Forgets them all.
void complaints_forget(void);

#endif
