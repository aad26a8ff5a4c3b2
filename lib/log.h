// Logging: one function for every layer. The kernel prints to its consoles and keeps a ring; host tests
// print to stderr. Lines carry no newline of their own.
#ifndef URLBOOT_LIB_LOG_H
#define URLBOOT_LIB_LOG_H

enum log_level {
    LOG_ERROR,  // something the user must act on
    LOG_WARN,   // it goes on, but not as it should
    LOG_INFO,   // what a user wants to follow
    LOG_DEBUG,  // kept in the ring, shown with debug
};

// Writes one line (printf format, at most 240 bytes are kept). What is not printable ASCII shows as '?':
// foreign text may be handed over as it is. Never fails, never allocates.
__attribute__((format(printf, 2, 3))) void klog(enum log_level level, const char *format, ...);

#define log_error(...) klog(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) klog(LOG_WARN, __VA_ARGS__)
#define log_info(...) klog(LOG_INFO, __VA_ARGS__)
#define log_debug(...) klog(LOG_DEBUG, __VA_ARGS__)

#endif
