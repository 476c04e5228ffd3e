import { readFileSync, statfsSync, statSync } from "node:fs";
import { whereReadable } from "./span-of-segment.ts";

/**
 * Types of network file systems (statfs(2), linux/magic.h, and coreutils' src/stat.c), and of folders
 * that a virtual machine shares with its host. Their locks may not be the kernel's, and what they have
 * synced may not be on a disk.
 */
const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x517b, "SMB"],
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x73757245, "Coda"],
  [0x564c, "NCP"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x01161970, "GFS2"],
  [0x7461636f, "OCFS2"],
  [0x01021997, "9P"],
  [0x19830326, "BeeGFS"],
  [0xaad7aaea, "PanFS"],
  [0x20030528, "OrangeFS"],
  [0x61636673, "ACFS"],
  [0xbeefdead, "SNFS"],
  [0x786f4256, "a folder shared by VirtualBox"],
  [0xbacbacbc, "a folder shared by VMware"],
  [0x7c7c6673, "a folder shared by Parallels"],
]);

const fuseType = 0x65735546;

/**
 * What stands behind `fuse.` in the type of a mount. Of FUSE the number alone says nothing: NTFS on a
 * disk, an overlay of a container without root, and virtiofs have the same, and are used.
 */
const networkFuse =
  /^(?:sshfs|glusterfs|ceph(?:-fuse)?|s3fs|rclone|juicefs|gcsfuse|goofys|mountpoint-s3|blobfuse2?|davfs2?|curlftpfs|smbnetfs|mfs|moosefs|lizardfs|seaweedfs|vmhgfs-fuse)$/;

/** What is asked of the system. Tests pass their own. */
export interface MountQueries {
  statfs: (path: string) => { type: number };
  /** The number of the device that a file is on. */
  deviceOf: (path: string) => number;
  /** See proc_pid_mountinfo(5). */
  mounts: () => string;
}

const systemQueries: MountQueries = {
  statfs: statfsSync,
  deviceOf: (path) => statSync(path).dev,
  // Where /proc is not mounted, FUSE counts as a disk of this machine.
  mounts: () => whereReadable(() => readFileSync("/proc/self/mountinfo", "utf8")) ?? "",
};

/** The name of the network file system that a folder lies on, as far as Linux tells it. */
export function networkFileSystemOf(
  folder: string,
  queries: Partial<MountQueries> = {},
): string | undefined {
  // Elsewhere the numbers mean something else.
  if (process.platform !== "linux") return undefined;
  const { statfs, deviceOf, mounts } = { ...systemQueries, ...queries };
  // Some are told as a negative number.
  const type = statfs(folder).type >>> 0;
  return type === fuseType ? networkFuseOf(deviceOf(folder), mounts()) : networkTypes.get(type);
}

function networkFuseOf(device: number, mounts: string): string | undefined {
  // Since their major number is 0, makedev(3) leaves the minor one, with 8 bits of 0 in its midst.
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  for (const line of mounts.split("\n")) {
    const [, id, kind = ""] = /^\S+ \S+ (\S+) .* - fuse\.(\S+) /.exec(line) ?? [];
    if (id === `0:${minor}` && networkFuse.test(kind)) return kind;
  }
  return undefined;
}
