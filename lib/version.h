// The one place that names the version: User-Agent, banner, documents.
#ifndef URLBOOT_LIB_VERSION_H
#define URLBOOT_LIB_VERSION_H

#define URLBOOT_VERSION "0.1.0"

#endif
