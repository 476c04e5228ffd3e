import { statfsSync } from "node:fs";

/**
 * Types of network file systems (statfs(2), and linux/magic.h). Their locks may not be the kernel's,
 * and what they have synced may not be on a disk.
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
]);

/** The name of the network file system that a folder lies on, as far as Linux tells it. */
export function networkFileSystemOf(
  folder: string,
  statfs: (path: string) => { type: number } = statfsSync,
): string | undefined {
  // Elsewhere the numbers mean something else.
  if (process.platform !== "linux") return undefined;
  // Some are told as a negative number.
  return networkTypes.get(statfs(folder).type >>> 0);
}
