# Code that is not ours: which files of lwIP and 7-Zip are compiled and how. lib/fetch.sh unpacks them from
# Debian source packages into $(THIRD_PARTY); THIRD_PARTY=dir takes a folder with the same trees instead
# (dir/lwip/src, dir/7zip/C, dir/edk2/MdePkg/Include). Warnings are upstream's business and stay off here.

THIRD_PARTY_DEFAULT := $(BUILD)/third-party
THIRD_PARTY ?= $(THIRD_PARTY_DEFAULT)

# lwIP finds lwipopts.h and arch/cc.h in net/lwip; edk2's headers serve the UEFI side.
THIRD_PARTY_INC := -Inet/lwip -isystem $(THIRD_PARTY)/lwip/src/include -isystem $(THIRD_PARTY)/7zip/C \
                   -isystem $(THIRD_PARTY)/edk2/MdePkg/Include -isystem $(THIRD_PARTY)/edk2/MdePkg/Include/X64

LWIP_CORE := init def inet_chksum ip mem memp netif pbuf raw stats sys tcp tcp_in tcp_out timeouts udp dns
LWIP_IPV4 := acd dhcp etharp icmp igmp ip4 ip4_addr ip4_frag
LWIP_SRC  := $(LWIP_CORE:%=lwip/src/core/%.c) $(LWIP_IPV4:%=lwip/src/core/ipv4/%.c) lwip/src/netif/ethernet.c

# SHA-256: CpuArch.c asks CPUID, Sha256Opt.c holds the SHA-NI code. It alone may use vector registers
# (interrupt handlers are compiled without them, so nothing saves or clobbers them behind its back).
SHA256_SRC := 7zip/C/Sha256.c 7zip/C/Sha256Opt.c 7zip/C/CpuArch.c

THIRD_PARTY_SRC  := $(LWIP_SRC) $(SHA256_SRC)
THIRD_PARTY_OBJS := $(THIRD_PARTY_SRC:%.c=$(BUILD)/obj-third-party/%.o)

THIRD_PARTY_FLAGS = $(KFLAGS) -w
$(BUILD)/obj-third-party/7zip/C/Sha256Opt.o: THIRD_PARTY_FLAGS = $(filter-out -mgeneral-regs-only,$(KFLAGS)) \
                                             -mssse3 -msse4.1 -msha -w

ifeq ($(abspath $(THIRD_PARTY)),$(abspath $(THIRD_PARTY_DEFAULT)))
THIRD_PARTY_STAMP := $(THIRD_PARTY)/.stamp
$(THIRD_PARTY_STAMP): lib/fetch.sh
	@echo "  FETCH source packages of lwIP, 7-Zip and edk2 from Debian"
	@sh lib/fetch.sh $(THIRD_PARTY)
	@touch $@
else
THIRD_PARTY_STAMP := $(THIRD_PARTY)/lwip/src/include/lwip/init.h
$(THIRD_PARTY_STAMP):
	@echo "THIRD_PARTY=$(THIRD_PARTY) must hold lwip/src, 7zip/C and edk2/MdePkg/Include" >&2; exit 1
endif

$(THIRD_PARTY_OBJS): $(BUILD)/obj-third-party/%.o: $(THIRD_PARTY_STAMP) lib/third_party.mk
	@mkdir -p $(@D)
	@echo "  CC   $*.c"; $(CC) $(THIRD_PARTY_FLAGS) $(KINC) -MD -MP -c $(THIRD_PARTY)/$*.c -o $@

-include $(THIRD_PARTY_OBJS:.o=.d)

# Where the sources come from, for rules that name single files of them (tests/tests.mk).
$(addprefix $(THIRD_PARTY)/,$(THIRD_PARTY_SRC)): | $(THIRD_PARTY_STAMP) ;
