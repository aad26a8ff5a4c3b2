// A made-up firmware with network cards, and both protocols of IP configuration on each: for test_efi_network.c.
#ifndef URLBOOT_TESTS_EFI_IP_FAKE_H
#define URLBOOT_TESTS_EFI_IP_FAKE_H

#include "kernel/firmware/efi_state.h"  // EFI_STATUS

#include <Protocol/Ip4Config2.h>
#include <Protocol/Ip6Config.h>
#include <Protocol/SimpleNetwork.h>

#include <stdbool.h>
#include <stdint.h>

#define CARDS 2
#define NEVER UINT64_MAX
#define LIST_MAX 4

struct card {
    EFI_IP4_CONFIG2_PROTOCOL ip4;
    EFI_IP6_CONFIG_PROTOCOL ip6;
    EFI_SIMPLE_NETWORK_PROTOCOL snp;
    EFI_SIMPLE_NETWORK_MODE mode;
    bool has_ip4, has_ip6;
    EFI_IP4_CONFIG2_POLICY policy4;
    EFI_IP6_CONFIG_POLICY policy6;
    bool manual4, manual6, gateway6;      // somebody's settings
    bool probing6;                        // manual6 is being looked for on the link: not ready yet
    unsigned sets4, sets6;                // how often something was set
    uint64_t came4_s, came6_s, dns6_s;    // seconds after the policy was set; NEVER
    uint64_t since4, since6;
    bool route;                           // a router has told of a prefix
    EFI_STATUS set6;                      // what setting the policy returns
    const char *list[LIST_MAX];           // the addresses that come
    enum { GOOD, MANY, OUTSIDE, NOWHERE, HUGE } lie;
};

extern struct card cards[CARDS];
extern unsigned card_count;
extern uint64_t clock_us;
extern int key;                           // what efi_ip_wait() returns

// Lets a tenth of a second go by; returns `key`.
int efi_ip_wait(void);

// One card with a live cable and no address, for which all comes within seconds once it is asked for.
void efi_ip_reset(void);

#endif
