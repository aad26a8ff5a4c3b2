// lwIP's settings, each with its reason. lwIP 2.2.1, NO_SYS: one loop (net/poll.c) feeds it frames and
// turns its timers; nothing here is called from an interrupt. Defaults that suit are not repeated.
#ifndef URLBOOT_NET_LWIP_LWIPOPTS_H
#define URLBOOT_NET_LWIP_LWIPOPTS_H

// ---- the system around it ---------------------------------------------------------------------------

#define NO_SYS 1                     // no threads: raw API from one loop
#define SYS_LIGHTWEIGHT_PROT 0       // no interrupt touches lwIP, so nothing needs protection
#define LWIP_NETCONN 0               // the APIs that need threads
#define LWIP_SOCKET 0
#define LWIP_NETIF_API 0

// ---- memory: packets to send and DHCP state from our heap, everything that is counted from pools ----

#define MEM_ALIGNMENT 16             // what kmalloc() gives
#define MEM_CUSTOM_ALLOCATOR 1
#define MEM_CUSTOM_MALLOC lwip_port_malloc
#define MEM_CUSTOM_CALLOC lwip_port_calloc
#define MEM_CUSTOM_FREE lwip_port_free
#define PBUF_POOL_SIZE 2             // received frames live in the drivers' buffers, not in this pool
#define LWIP_SUPPORT_CUSTOM_PBUF 1   // drivers/nic.h: a frame is handed up in the buffer it arrived in
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1  // they compare TCP_WND with PBUF_POOL, which is not used
#define MEMP_NUM_PBUF 32             // pbufs that point at memory of others: fragments of large pings
#define MEMP_NUM_TCP_PCB 16          // PARALLEL_MAX of one download; the rest waits out TIME_WAIT
#define MEMP_NUM_TCP_PCB_LISTEN 1    // nothing listens
#define MEMP_NUM_TCP_SEG 3072        // OOSEQ_PBUFS_MAX of net/netif.c, requests, and some
#define MEMP_NUM_UDP_PCB 12          // DHCP and one per outstanding DNS query (DNS_TABLE_SIZE)
#define LWIP_RAW 0                   // no protocols beside UDP and TCP
#define LWIP_STATS 1                 // only to see in tests that every pool is full again
#define LINK_STATS 0
#define ETHARP_STATS 0
#define IP_STATS 0
#define IPFRAG_STATS 0
#define ICMP_STATS 0
#define UDP_STATS 0
#define TCP_STATS 0
#define SYS_STATS 0

// ---- Ethernet and IP --------------------------------------------------------------------------------

#define LWIP_IPV4 1
#define LWIP_IPV6 0                  // not yet; callers hand addresses around as uint32_t in stack.h only
#define LWIP_HAVE_LOOPIF 0           // nothing talks to itself
#define ARP_TABLE_SIZE 32            // gateway, servers and busy neighbours that ask for us
#define ARP_QUEUEING 0               // one frame waits for its address: a SYN or a query, both repeat
#define IP_FORWARD 0
#define IP_OPTIONS_ALLOWED 0         // no server sends them; source routing is only ever an attack
#define IP_REASSEMBLY 1              // tunnels do fragment large answers
#define IP_REASS_MAX_PBUFS 16        // and this is all a flood of fragments may hold of a driver's buffers
#define MEMP_NUM_REASSDATA 4
#define IP_FRAG 1                    // without it large ping answers would leave as oversized frames
#define LWIP_NETIF_TX_SINGLE_PBUF 1  // drivers send one piece per frame
#define LWIP_NETIF_STATUS_CALLBACK 1 // tells stack.c that DHCP has set an address
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1  // NICs that check or fill checksums take that work from lwIP
#define LWIP_CHKSUM lwip_port_chksum // eight bytes a step instead of two
#define LWIP_IGMP 0                  // no multicast
#define LWIP_MULTICAST_PING 0        // answering those makes one ping a storm
#define LWIP_BROADCAST_PING 0

// ---- DHCP and DNS -----------------------------------------------------------------------------------

#define LWIP_DHCP 1
#define LWIP_ACD 0                   // probing an address before use takes seconds (RFC 5227 section 2.1.1),
#define LWIP_DHCP_DOES_ACD_CHECK 0   // and servers ping it before they offer it
#define LWIP_DHCP_BOOTP_FILE 1       // keep the `file` field: the URL of dnsmasq's dhcp-boot=
#define LWIP_DHCP_MAX_DNS_SERVERS 4
#define LWIP_HOOK_FILENAME "hooks.h"
// Options asked for besides the usual: 67 boot file name (RFC 2132 9.5), 114 (RFC 3679: a URL).
#define DHCP_ADD_EXTRA_REQUEST_OPTIONS , 67, 114
// Someone watches a boot: another DISCOVER after half a second (switch ports that have just come up swallow
// the first), 1, 2, then every 4 seconds, not after 2, 4, 8, 16, 32, 60.
// RFC 2131 4.1 leaves the pace to the client. Leases are counted in steps of five seconds, not 60, and
// rounded down: a lease of a minute must be renewed before it ends.
#define DHCP_COARSE_TIMER_SECS 5
#define DHCP_DEFINE_CUSTOM_TIMEOUTS 1
#define DHCP_REQUEST_BACKOFF_SEQUENCE(tries) ((u16_t)((tries) < 4 ? 250 << (tries) : 4000))
#define DHCP_NEXT_TIMEOUT_THRESHOLD 2
#define DHCP_TICKS(s) \
    ((dhcp_timeout_t)LWIP_MIN((s) / DHCP_COARSE_TIMER_SECS + ((s) < DHCP_COARSE_TIMER_SECS), 0xffff))
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T0_LEASE(ticks, d) ((ticks) = DHCP_TICKS((d)->offered_t0_lease))
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T1_RENEW(ticks, d) ((ticks) = DHCP_TICKS((d)->offered_t1_renew))
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T2_REBIND(ticks, d) ((ticks) = DHCP_TICKS((d)->offered_t2_rebind))

#define LWIP_DNS 1
#define DNS_MAX_SERVERS 6            // four of DHCP or ip=, then the two public ones of net/dns.c
#define DNS_TABLE_SIZE 8             // the cache: a URL and its redirects
#define DNS_MAX_NAME_LENGTH 256      // RFC 1035 2.3.4
#define DNS_MAX_RETRIES 3            // three questions in about four seconds, then the next server

// ---- TCP --------------------------------------------------------------------------------------------

#define TCP_MSS 1460                 // 1500 - 20 - 20
#define LWIP_WND_SCALE 1             // RFC 7323: windows over 64 KiB
#define TCP_RCV_SCALE 7              // 65535 << 7 is just under 8 MiB
#define TCP_WND (4 * 1024 * 1024)    // 100 MB/s at 40 ms; less with a NIC of few buffers (net/tcp.c)
// The application takes data at once, so only segments behind a hole stay in the drivers' buffers. How many
// may is decided before lwIP sees them (tcp_admits() of net/netif.c): its own limits throw away what was
// promised to the server by SACK, which it notices by a time-out only, and sends all again. lwIP's list is
// linear, but what comes faster than it can be walked comes in joined segments (net/join.c), and those make a
// short list.
#define TCP_QUEUE_OOSEQ 1
#define LWIP_TCP_SACK_OUT 1          // tell the server what is already here
#define TCP_WND_UPDATE_THRESHOLD tcp_window_step(pcb)  // net/tcp.c
#define TCP_SND_BUF (8 * TCP_MSS)    // requests are small
#define TCP_SND_QUEUELEN 32
#define TCP_OVERSIZE TCP_MSS         // LWIP_NETIF_TX_SINGLE_PBUF needs it
#define LWIP_TCP_RTO_TIME 1000       // RFC 6298 2.1: a lost SYN is repeated after one second, not three
#define TCP_TMR_INTERVAL 100         // delayed acknowledgements leave after that, repetitions are timed in
                                     // twice that; 250 is a long time on a fast wire
#define TCP_LISTEN_BACKLOG 0

#endif
