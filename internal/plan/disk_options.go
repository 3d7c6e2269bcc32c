package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// anyOptions are those of every file system (mount(8)); a word that ends with = has a value.
const anyOptions = `
	async atime auto context= comment= defaults defcontext= dev diratime dirsync exec fscontext= group iversion lazytime
	loud mand _netdev noatime noauto nodev nodiratime noexec nofail noiversion nolazytime nomand norelatime nostrictatime
	nosuid nosymfollow nouser owner relatime remount ro rootcontext= rw silent strictatime suid symfollow sync user users`

// options are those of a file system besides (ext4(5), mount(8) and Documentation/filesystems).
var options = map[string]string{
	fsExt4: `
		abort acl auto_da_alloc auto_da_alloc= barrier barrier= bh block_validity bsddf bsdgroups commit= data= dax dax=
		debug delalloc dioread_lock dioread_nolock discard errors= grpid grpjquota= grpquota i_version init_itable
		init_itable= inlinecrypt inode_readahead_blks= journal_async_commit journal_checksum journal_dev= journal_ioprio=
		journal_path= jqfmt= max_batch_time= max_dir_size_kb= mb_optimize_scan= min_batch_time= minixdf noacl
		noauto_da_alloc nobarrier nobh noblock_validity nodelalloc nodioread_nolock nodiscard nogrpid noinit_itable
		nojournal_checksum noload nombcache noquota norecovery nouid32 nouser_xattr nowarn_on_error oldalloc orlov prefetch_block_bitmaps
		no_prefetch_block_bitmaps prjquota quota resgid= resuid= sb= stripe= sysvgroups test_dummy_encryption
		test_dummy_encryption= user_xattr usrjquota= usrquota warn_on_error`,
	fsXFS: `
		allocsize= attr2 bsdgroups dax dax= discard filestreams gqnoenforce gquota grpid grpquota ikeep inode32 inode64 largeio
		logbsize= logbufs= logdev= lifetime= noalign noattr2 nodiscard nogrpid noikeep nolargeio norecovery noquota nouuid
		pqnoenforce pquota prjquota qnoenforce quota rtdev= sunit= swalloc swidth= sysvgroups uqnoenforce uquota usrquota wsync
		max_atomic_write= max_open_zones=`,
	fsBtrfs: `
		acl autodefrag barrier clear_cache commit= compress compress= compress-force compress-force= datacow datasum degraded
		device= discard discard= enospc_debug fatal_errors= flushoncommit fragment= ignorebadroots ignoredatacsums
		ignoremetacsums ignoresuperflags max_inline= metadata_ratio= noacl noautodefrag nobarrier nodatacow nodatasum
		nodiscard noenospc_debug noflushoncommit nologreplay norecovery nossd nossd_spread notreelog nospace_cache
		rescan_uuid_tree rescue= skip_balance space_cache space_cache= ssd ssd_spread subvol= subvolid= thread_pool= treelog
		usebackuproot user_subvol_rm_allowed`,
	fsSwap: `discard discard= pri= sw`,
	fsVfat: `
		allow_utime= blocksize= check= codepage= conv= debug discard dmask= dos1xfloppy dots dotsOK= errors= fat= flush
		fmask= gid= iocharset= nfs nfs= nodots nonumtail nonumtail= numtail posix quiet rodir shortname= showexec
		sys_immutable time_offset= tz= uid= umask= uni_xlate uni_xlate= usefree utf8 utf8=`,
}

// onErrors are the values of errors=, the same for both file systems.
var onErrors = []string{"continue", "panic", "remount-ro"}

// mountOptions refuses options that are certain to be mistaken. The kernel has more of them with each
// release: one that is like none of those known passes.
func (c *layoutCheck) mountOptions(field, kind, text string) {
	switch {
	case text == "":
		return
	case strings.ContainsAny(text, " \t\n\\#"):
		c.mistake(field, "%q is not a list of mount options separated by commas, without spaces", text)
		return
	case strings.Contains(text, `"`): // quotes keep commas together
		return
	}
	known := strings.Fields(anyOptions + options[kind])
	for option := range strings.SplitSeq(text, ",") {
		name, value, given := strings.Cut(option, "=")
		if given {
			name += "="
		}
		switch {
		case option == "":
			c.mistake(field, "%s has nothing before or behind a comma", mistake.Word(text))
		case strings.HasPrefix(strings.ToLower(name), "x-"):
		case name == "errors=" && (kind == fsExt4 || kind == fsVfat) && !slices.Contains(onErrors, value):
			c.mistake(field, "errors=%s is unknown%s", mistake.Word(value), mistake.Suggest(value, onErrors))
		case slices.Contains(known, name):
		default:
			c.unknownOption(field, kind, name, known)
		}
	}
}

func (c *layoutCheck) unknownOption(field, kind, name string, known []string) {
	for _, other := range slices.Sorted(maps.Keys(options)) {
		if other != kind && slices.Contains(strings.Fields(options[other]), name) {
			c.mistake(field, "%s is an option of %s; %s would not be mounted with it", name, other, kind)
			return
		}
	}
	bare := strings.TrimSuffix(name, "=")
	switch near := mistake.Nearest(name, slices.Values(known)); {
	case slices.Contains(known, bare):
		c.mistake(field, "the option %s takes no value", bare)
	case slices.Contains(known, bare+"="):
		c.mistake(field, "the option %s needs a value: %s=…", bare, bare)
	case near != "":
		c.mistake(field, "unknown mount option %s; did you mean %s?", mistake.Word(name), near)
	}
}
