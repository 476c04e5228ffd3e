import { describe, expect, it } from "vitest";
import { onNetwork } from "../../../../src/delivery/journal/journal-errors.ts";
import { networkFileSystemOf } from "../../../../src/delivery/journal/network-file-system.ts";

const of = (type: number): string | undefined =>
  networkFileSystemOf("/srv", { statfs: () => ({ type }) });

describe.runIf(process.platform === "linux")("the file system of a folder", () => {
  it.each([
    [0x6969, "NFS"],
    [0xff534d42, "CIFS"],
    // As a 32-bit number with a sign, which some C libraries hand on.
    [0xff534d42 - 2 ** 32, "CIFS"],
    [0xfe534d42, "SMB2"],
    [0x517b, "SMB"],
    [0x00c36400, "Ceph"],
    [0x0bd00bd0, "Lustre"],
    [0x01021997, "9P"],
    [0x19830326, "BeeGFS"],
    [0xaad7aaea, "PanFS"],
    [0x20030528, "OrangeFS"],
    [0x786f4256, "a folder shared by VirtualBox"],
    [0xbacbacbc, "a folder shared by VMware"],
  ])("of type %i is %s, on the network", (type, name) => {
    expect(of(type)).toBe(name);
  });

  it.each([
    ["ext4", 0xef53],
    ["xfs", 0x58465342],
    ["btrfs", 0x9123683e],
    ["btrfs, as a number with a sign", 0x9123683e - 2 ** 32],
    ["tmpfs", 0x01021994],
    ["overlay", 0x794c7630],
    ["zfs", 0x2fc12fc1],
  ])("that is %s is this machine's", (_, type) => {
    expect(of(type)).toBeUndefined();
  });

  it.each([
    ["fuse.sshfs", "sshfs"],
    ["fuse.glusterfs", "glusterfs"],
    ["fuse.rclone", "rclone"],
    ["fuseblk", undefined],
    ["fuse.fuse-overlayfs", undefined],
    ["virtiofs", undefined],
  ])("of FUSE that is mounted as %s is told by that", (kind, name) => {
    const mounts = (): string =>
      [
        "28 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw",
        "61 28 0:44 / /home rw,nosuid shared:33 - fuse.sshfs host:/ rw,user_id=0",
        `62 28 0:301 / /srv rw,nosuid shared:34 - ${kind} host:/srv rw,user_id=0`,
        "",
      ].join("\n");
    const found = networkFileSystemOf("/srv", {
      statfs: () => ({ type: 0x65735546 }),
      // makedev(0, 301)
      deviceOf: () => 0x10002d,
      mounts,
    });
    expect(found).toBe(name);
  });

  it("is asked of the system where nobody else is named", () => {
    expect(networkFileSystemOf("/proc")).toBeUndefined();
  });
});

describe("a journal on the network", () => {
  it("is refused with a code, the folder and the mend", () => {
    expect(onNetwork("/srv/journal", "NFS")).toMatchObject({
      code: "ERR_AUTHLOG_JOURNAL_NETWORK",
      why: "/srv/journal lies on NFS, whose locks and syncs may not be the kernel's.",
      fix: "Set AUTHLOG_JOURNAL_DIR to a folder on a disk of this machine.",
    });
  });
});
