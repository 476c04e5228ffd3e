/** The digest of a node or a leaf: 32 bytes with SHA-256. */
export type Hash = Uint8Array;

/** The digest of two children. Pangea's tree puts no domain byte before them: `sha256(left ‖ right)`. */
export type HashPair = (left: Hash, right: Hash) => Hash;

/**
 * Reads the root of a complete subtree: the one over the leaves `index * 2^level` up to, not
 * including, `(index + 1) * 2^level`. Level 0 holds the leaves.
 */
export type ReadNode = (level: number, index: number) => Hash;

/** Where a tree's complete subtrees are read, and how children are joined. */
export interface TreeReader {
  readonly read: ReadNode;
  readonly hashPair: HashPair;
}

/** The root of a complete subtree, to be stored under its level and index. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Hash;
}

/**
 * The complete subtrees that a new leaf brings: the leaf itself, and each parent that it completes.
 * Nodes are final once written, so a tree only ever grows by these.
 *
 * @param size number of leaves before the append
 * @returns one node for each level that became complete, from the leaf upwards: amortised two
 * @example
 * appendLeaf(3, leaf, { read, hashPair }).map(({ level }) => level); // [0, 1, 2]
 */
export function appendLeaf(size: number, leaf: Hash, { read, hashPair }: TreeReader): TreeNode[] {
  const nodes: TreeNode[] = [{ level: 0, index: size, hash: leaf }];
  let hash = leaf;
  // An odd index is a right child: with it, its parent is complete.
  for (let level = 0, index = size; index % 2 === 1; level += 1) {
    hash = hashPair(read(level, index - 1), hash);
    index = (index - 1) / 2;
    nodes.push({ level: level + 1, index, hash });
  }
  return nodes;
}

/**
 * The root of the first `size` leaves, in the shape of RFC 6962, section 2.1: the left subtree
 * takes the largest power of two.
 *
 * @throws RangeError for an empty tree, which has no root at Pangea
 */
export function treeRoot(size: number, tree: TreeReader): Hash {
  if (size < 1) throw new RangeError("An empty tree has no root");
  return nodeAt(heightOf(size), 0, size, tree);
}

/** Number of levels above the leaves. */
export function heightOf(size: number): number {
  let height = 0;
  while (2 ** height < size) height += 1;
  return height;
}

/** The node over a range of which only the leaves below `size` exist; reads O(log size) nodes. */
export function nodeAt(level: number, index: number, size: number, tree: TreeReader): Hash {
  // Indexes are multiplied, not shifted: a shift ends at 2^31.
  if ((index + 1) * 2 ** level <= size) return tree.read(level, index);
  const left = nodeAt(level - 1, index * 2, size, tree);
  if ((index * 2 + 1) * 2 ** (level - 1) >= size) return left;
  return tree.hashPair(left, nodeAt(level - 1, index * 2 + 1, size, tree));
}
