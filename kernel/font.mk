# The console's fonts, from Debian's fonts-spleen (BSD-2-Clause), unpacked for kernel/font.S.
FONT_DIR := /usr/share/consolefonts
FONTS    := $(BUILD)/kernel/spleen-8x16.psfu $(BUILD)/kernel/spleen-16x32.psfu

$(FONTS): $(BUILD)/kernel/%.psfu: $(FONT_DIR)/%.psfu.gz
	@mkdir -p $(@D)
	@echo "  FONT  $@"
	@gunzip -c $< > $@.new && mv $@.new $@

# A missing font is said by its package's name, not by "no rule to make target".
$(FONT_DIR)/%.psfu.gz:
	@echo "$@ is missing: apt-get install fonts-spleen, or tests/setup.sh build" >&2; exit 1

$(BUILD)/kernel/font.o: $(FONTS)
$(BUILD)/kernel/font.o: KINC += -I$(BUILD)/kernel
