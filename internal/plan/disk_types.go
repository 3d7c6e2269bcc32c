package plan

// mbrTypes are an MBR's types by their words.
var mbrTypes = map[string]string{"linux": "83", "swap": "82", "esp": "ef", "lvm": "8e", "raid": "fd"}

// gptTypes are a GPT's by their words: the UEFI specification 2.10, table 5.7, and the Discoverable Partitions
// Specification. An architecture is Debian's name.
func gptTypes(architecture string) map[string]string {
	types := map[string]string{
		"linux":     TypeLinux,
		"esp":       TypeESP,
		"bios_grub": TypeBIOSBoot,
		"swap":      "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
		"xbootldr":  "BC13C2FF-59E6-4262-A352-B275FD6F7172",
		"home":      "933AC7E1-2EB4-4F13-B844-0E14E2AEF915",
		"srv":       "3B8F8425-20E0-4F3B-907F-1A25A76F98E8",
		"var":       "4D21B016-B534-45C2-A9FB-5C16E091FD2D",
		"tmp":       "7EC6F557-3BC5-4ACA-B293-16EF5DF639D1",
		"lvm":       "E6D6D379-F507-44C2-A23C-238F2A3DF928",
		"raid":      "A19D880F-05FC-4D3B-A006-743F0F84911E",
		"root":      "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
		"usr":       "8484680C-9521-48C6-9C11-B0720656F69E",
	}
	if architecture == "arm64" {
		types["root"] = "B921B045-1DF0-41C3-AF44-4C6F280D3FAE"
		types["usr"] = "B0E01050-EE5F-4390-949A-9101B17104E9"
	}
	return types
}
