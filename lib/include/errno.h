// Error numbers for third-party headers that want some to exist (7-Zip's 7zTypes.h). Our own code returns
// enum err (lib/err.h). There is no errno variable. Values as Linux has them.
#ifndef URLBOOT_LIBC_ERRNO_H
#define URLBOOT_LIBC_ERRNO_H

#define EINTR 4
#define EIO 5
#define EAGAIN 11
#define ENOMEM 12
#define EINVAL 22
#define ERANGE 34
#define EOPNOTSUPP 95

#endif
