# urlboot-init, a static Linux program without libc that the payload carries (kernel/linux/init_blob.S).

MEDIUM_INIT      := start main vmcore loop say
MEDIUM_INIT_OBJS := $(MEDIUM_INIT:%=$(BUILD)/iso/medium-init/%.o)
MEDIUM_INIT_CFLAGS := -std=gnu17 -Os -ffreestanding -fno-builtin -fno-pic -fno-stack-protector \
                      -fcf-protection=none -fno-asynchronous-unwind-tables \
                      -mgeneral-regs-only -ffunction-sections -I. $(WARN)

$(BUILD)/iso/medium-init/%.o: iso/medium-init/%.c iso/medium-init/medium-init.mk
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(MEDIUM_INIT_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/iso/medium-init/%.o: iso/medium-init/%.S
	@mkdir -p $(@D)
	@echo "  AS    $<"
	@$(CC) -c $< -o $@

# 16 KiB is the promise; it lies in every initramfs that urlboot starts.
$(BUILD)/iso/medium-init/urlboot-init: $(MEDIUM_INIT_OBJS)
	@echo "  LD    $@"
	@$(CC) -nostdlib -static -Wl,--gc-sections,--build-id=none,-z,noexecstack,-z,noseparate-code,-s $^ -o $@
	@test $$(wc -c < $@) -lt 16384

$(BUILD)/kernel/linux/init_blob.o: kernel/linux/init_blob.S $(BUILD)/iso/medium-init/urlboot-init
	@mkdir -p $(@D)
	@echo "  AS    $<"
	@$(CC) -I$(BUILD)/iso/medium-init -c $< -o $@

-include $(MEDIUM_INIT_OBJS:.o=.d)
