# Builds build/profile/receive, the receive path that callgrind counts: the payload's own objects, so that what is
# counted is what ships, between our server (tests/profile) and glibc. Included by tests/tests.mk.

PROFILE_DIR  := $(BUILD)/profile
PROFILE_SRC  := tests/profile/receive.c tests/profile/server.c tests/profile/measure.c tests/unit/host.c
PROFILE_HOST := $(PROFILE_SRC:%.c=$(PROFILE_DIR)/%.o)
# lib/string.o gives way to the counted memcpy(), memmove() and memset() of measure.c.
PROFILE_PAYLOAD := $(addprefix $(BUILD)/,$(NET) drivers/nic_buf.o kernel/heap.o kernel/image_sink.o $(filter-out lib/string.o,$(LIB))) \
                   $(THIRD_PARTY_OBJS)
# gcc-12, clang-14: name and major version.
PROFILE_COMPILER = $(if $(findstring clang,$(shell $(CC) --version)),clang,gcc)-$(firstword $(subst ., ,$(shell $(CC) -dumpversion)))

$(PROFILE_HOST): $(PROFILE_DIR)/%.o: %.c | $(THIRD_PARTY_STAMP)
	@mkdir -p $(@D)
	@echo "  HOST $<"; $(HOST_CC) $(filter-out -O1,$(HOST_FLAGS)) -O2 -fno-pie -MD -MP -c $< -o $@

$(PROFILE_DIR)/string.o: $(BUILD)/lib/string.o
	@mkdir -p $(@D)
	@$(OBJCOPY) --weaken $< $@

# The payload's code is compiled for fixed addresses.
$(PROFILE_DIR)/receive: $(PROFILE_HOST) $(PROFILE_DIR)/string.o $(PROFILE_PAYLOAD)
	@echo "  LINK $@"; $(HOST_CC) -no-pie -Wl,--gc-sections,--wrap=sha256_update,-z,noexecstack $^ -o $@

-include $(PROFILE_HOST:.o=.d)
