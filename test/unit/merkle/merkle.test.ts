import { hash as digest } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consistencyProof, inclusionProof } from "../../../src/merkle/proof.ts";
import { appendLeaf, type Hash, treeRoot, type TreeReader } from "../../../src/merkle/tree.ts";
import { encodeConsistency, encodePath, toHex } from "../../../src/merkle/wire.ts";

const sha256 = (...parts: Hash[]): Hash => digest("sha256", Buffer.concat(parts), "buffer");
const leafOf = (seed: number): Hash => sha256(Buffer.from(String(seed)));

/** A tree that keeps its nodes in a map and counts how often they are read. */
function grow(size: number): TreeReader & { reads: () => number; writes: () => number } {
  const nodes = new Map<string, Hash>();
  let reads = 0;
  const tree: TreeReader = {
    hashPair: sha256,
    read: (level, index) => {
      reads += 1;
      const hash = nodes.get(`${level}/${index}`);
      if (hash === undefined) throw new Error(`no complete subtree at ${level}/${index}`);
      return hash;
    },
  };
  for (let leaf = 0; leaf < size; leaf += 1) {
    for (const node of appendLeaf(leaf, leafOf(leaf), tree)) {
      nodes.set(`${node.level}/${node.index}`, node.hash);
    }
  }
  const grown = reads;
  return { ...tree, reads: () => reads - grown, writes: () => nodes.size };
}

/** RFC 6962, section 2.1, word for word but for its domain bytes. */
function rootByDefinition(leaves: Hash[]): Hash {
  if (leaves.length === 1) return leaves[0] as Hash;
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(rootByDefinition(leaves.slice(0, k)), rootByDefinition(leaves.slice(k)));
}
const rootOfSize = (size: number): string =>
  toHex(rootByDefinition(Array.from({ length: size }, (_, seed) => leafOf(seed))));

/** Follows a path in Pangea's encoding. */
function climb(start: string, path: string): string {
  const steps = path === "" ? [] : path.split(",");
  let at: Hash = Buffer.from(start, "hex");
  for (const step of steps) {
    const sibling = Buffer.from(step.slice(2), "hex");
    at = step.startsWith("l:") ? sha256(sibling, at) : sha256(at, sibling);
  }
  return toHex(at);
}

const treeSize = fc.integer({ min: 1, max: 300 });

describe("a tree", () => {
  it("has the root of RFC 6962 at every size", () => {
    for (let size = 1; size <= 130; size += 1) {
      expect(toHex(treeRoot(size, grow(size)))).toBe(rootOfSize(size));
    }
  });

  it("proves each leaf of each earlier size from the nodes of the latest", () => {
    fc.assert(
      fc.property(treeSize, fc.nat(), fc.nat(), (full, a, b) => {
        const size = 1 + (a % full);
        const index = b % size;
        const path = encodePath(inclusionProof(index, size, grow(full)));
        expect(climb(toHex(leafOf(index)), path)).toBe(rootOfSize(size));
      }),
    );
  });

  it("proves that each size continues each smaller one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), (full, a) => {
        const older = 1 + (a % (full - 1));
        const steps = consistencyProof(older, full, grow(full));
        const proof = encodeConsistency(steps ?? []).map((item) => item.split(/,(.*)/s));
        const peaks = proof.map(([peak]): Hash => Buffer.from((peak ?? "").slice(2), "hex"));
        const joined = peaks.reduce((right, left) => sha256(left, right));
        expect(toHex(joined)).toBe(rootOfSize(older));
        for (const [at, [, path]] of proof.entries()) {
          expect(path).not.toBe("");
          expect(climb(toHex(peaks[at] ?? joined), path ?? "")).toBe(rootOfSize(full));
        }
      }),
    );
  });

  it("stores less than two nodes a leaf and reads a logarithm of them for a proof", () => {
    const tree = grow(1_000);
    expect(tree.writes()).toBeLessThan(2_000);
    inclusionProof(999, 1_000, tree);
    inclusionProof(0, 1_000, tree);
    expect(tree.reads()).toBeLessThanOrEqual(2 * 2 * 10);
  });

  it("grows beyond the integers that a shift can hold", () => {
    const node = sha256(Buffer.from("any"));
    const tree: TreeReader = { read: () => node, hashPair: sha256 };
    expect(inclusionProof(2 ** 40, 2 ** 41, tree)).toHaveLength(41);
    expect(appendLeaf(2 ** 40 - 1, node, tree)).toHaveLength(41);
  });

  it("has no root when it is empty, and no proof of a leaf that it does not hold", () => {
    expect(() => treeRoot(0, grow(0))).toThrow(RangeError);
    expect(() => inclusionProof(3, 3, grow(3))).toThrow(RangeError);
    expect(consistencyProof(0, 3, grow(3))).toBeUndefined();
    expect(consistencyProof(3, 3, grow(3))).toBeUndefined();
  });

  it("writes the path of a single leaf as the empty string", () => {
    expect(encodePath(inclusionProof(0, 1, grow(1)))).toBe("");
  });
});
