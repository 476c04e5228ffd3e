import { type Hash, heightOf, nodeAt, type TreeReader } from "./tree.ts";

/** A sibling on the way up, and the side on which it stands. */
export interface PathStep {
  readonly side: "left" | "right";
  readonly hash: Hash;
}

/** One complete subtree of the older tree, and its way to the newer root. */
export interface ConsistencyStep {
  readonly peak: Hash;
  readonly path: readonly PathStep[];
}

/**
 * The inclusion proof of a leaf: its siblings from the leaf to the root (RFC 6962, section 2.1.1).
 * Empty for a tree of one leaf.
 *
 * @param index the leaf, from 0
 * @param size number of leaves under the root that is proven to
 * @throws RangeError when the leaf is not in the tree
 */
export function inclusionProof(index: number, size: number, tree: TreeReader): PathStep[] {
  if (index < 0 || index >= size) throw new RangeError("The leaf is not in the tree");
  return pathFrom(0, index, size, tree);
}

/**
 * That the tree of `size` leaves continues the tree of `oldSize` leaves, as Pangea proves it: each
 * peak of the older tree, smallest first, with its way to the newer root. Joining the peaks from
 * the right gives the older root.
 *
 * @returns undefined where there is nothing to prove: an empty older tree, or one that is not
 *   smaller. The wire format has no word for either.
 */
export function consistencyProof(
  oldSize: number,
  size: number,
  tree: TreeReader,
): ConsistencyStep[] | undefined {
  if (oldSize < 1 || oldSize >= size) return undefined;
  return peaksOf(oldSize).map(({ level, index }) => ({
    peak: tree.read(level, index),
    path: pathFrom(level, index, size, tree),
  }));
}

/** The complete subtrees that make up a tree, smallest (rightmost) first. */
function peaksOf(size: number): { level: number; index: number }[] {
  const peaks = [];
  for (let level = 0, rest = size; rest > 0; level += 1, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) peaks.push({ level, index: rest - 1 });
  }
  return peaks;
}

function pathFrom(level: number, index: number, size: number, tree: TreeReader): PathStep[] {
  const path: PathStep[] = [];
  const height = heightOf(size);
  for (let at = index, up = level; up < height; up += 1, at = Math.floor(at / 2)) {
    if (at % 2 === 1) path.push({ side: "left", hash: tree.read(up, at - 1) });
    // A sibling beyond the last leaf does not exist: the node is its parent (RFC 6962, section 2.1).
    else if ((at + 1) * 2 ** up < size)
      path.push({ side: "right", hash: nodeAt(up, at + 1, size, tree) });
  }
  return path;
}
