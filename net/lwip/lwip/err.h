// Stands in front of lwIP's <lwip/err.h>: its constant ERR_TIMEOUT, which no core file uses, has the name of
// one of ours (lib/err.h). All other names differ.
#ifndef URLBOOT_NET_LWIP_LWIP_ERR_H
#define URLBOOT_NET_LWIP_LWIP_ERR_H

#define ERR_TIMEOUT LWIP_ERR_TIMEOUT
#include_next <lwip/err.h>
#undef ERR_TIMEOUT

#endif
