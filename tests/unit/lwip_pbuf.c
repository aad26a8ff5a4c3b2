// lwIP's pbuf code alone, for tests of drivers: the parts of TCP that it calls when memory is short.

#include "lwip/priv/tcp_priv.h"  // tcp_free_ooseq

struct tcp_pcb *tcp_active_pcbs;

void tcp_free_ooseq(struct tcp_pcb *pcb)
{
    (void)pcb;
}
