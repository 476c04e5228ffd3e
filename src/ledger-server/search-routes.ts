import type { Ledger } from "../ledger/ledger.ts";
import type { FoundRecord, PublishedRoot, RecordPage } from "../ledger/records.ts";
import type { Clock } from "../time.ts";
import * as v from "valibot";
import type { EventSchema } from "./event-schema.ts";
import { invalid, Refusal } from "./refusal.ts";
import { newId, type Success } from "./reply.ts";
import { createSearchResults, resultTtlMillis, type SearchResult } from "./search-results.ts";
import { parseResultsRequest, searchRequestParser } from "./search-request.ts";
import { text, validate } from "./validation.ts";

/** The handlers of `v1/search`, `v1/results` and `v1/root`. */
export function searchRoutes({
  ledger,
  schema,
  clock,
}: {
  readonly ledger: Ledger;
  readonly schema: EventSchema;
  readonly clock: Clock;
}): Record<"search" | "results" | "root", (body: unknown) => Promise<Success>> {
  const parseSearch = searchRequestParser(schema);
  const kept = createSearchResults();

  const pageOf = async (
    id: string,
    { ids, verbose, expiresAtMillis }: SearchResult,
    offset: number,
    limit: number,
  ): Promise<Success> => {
    const wanted = ids.slice(offset, offset + limit);
    const page = await ledger.page(wanted, verbose);
    const end = offset + page.records.length;
    const rest = JSON.stringify({
      id,
      count: ids.length,
      expires_at: new Date(expiresAtMillis).toISOString(),
      ...rootsOf(page, ledger.treeName),
    });
    return {
      resultJson: `{"events":[${page.records.map(recordJson).join(",")}],${rest.slice(1)}`,
      summary:
        page.records.length === wanted.length
          ? `Found ${ids.length} record(s)`
          : `Found ${ids.length} record(s); the page is full, v1/results goes on at offset ${end}`,
    };
  };

  return {
    search: async (body) => {
      const { search, limit, verbose } = parseSearch(body, clock());
      const ids = await ledger.find(search);
      if (ids === undefined)
        throw invalid(
          "TookTooLong",
          "/query",
          "took too long: give a start and an end closer together, or fewer terms",
        );
      const result = {
        ids,
        verbose,
        restriction: search.restriction,
        expiresAtMillis: clock() + resultTtlMillis,
      };
      const id = newId("pit_");
      kept.keep(id, result);
      return await pageOf(id, result, 0, limit);
    },
    results: async (body) => {
      const { id, limit, offset, assertRestriction } = parseResultsRequest(body);
      const result = kept.get(id, clock());
      if (result === undefined)
        throw invalid(
          "DoesNotExist",
          "/id",
          "is not the id of a search, or the search has expired",
        );
      if (
        assertRestriction !== undefined &&
        !sameRestriction(assertRestriction, result.restriction)
      )
        throw invalid(
          "BadState",
          "/assert_search_restriction",
          "is not what the search was run with",
        );
      return await pageOf(id, result, offset, limit);
    },
    root: async (body) => {
      const { tree_size } = validate(rootSchema, body);
      const root = await ledger.root(tree_size);
      if (root === undefined && tree_size !== undefined)
        throw invalid("DoesNotExist", "/tree_size", "is larger than the published tree");
      if (root === undefined) throw new Refusal("NotFound", "No root has been published yet.");
      const flat = rootOf(root, ledger.treeName);
      // The OpenAPI document says flat, pangea-node-sdk reads `result.data`.
      return {
        resultJson: JSON.stringify({ ...flat, data: flat }),
        summary: `Root of ${root.size}`,
      };
    },
  };
}

const rootSchema = v.strictObject({
  config_id: v.optional(text),
  tree_size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});

function recordJson({
  conflict,
  envelope,
  hash,
  leafIndex,
  membershipProof,
  published,
}: FoundRecord): string {
  const rest = JSON.stringify({
    hash,
    leaf_index: leafIndex,
    published,
    ...(membershipProof !== undefined && { membership_proof: membershipProof }),
    // No word of Pangea's: the SDK hands on what it does not know.
    ...(conflict && { conflict }),
  });
  return `{"envelope":${envelope},${rest.slice(1)}`;
}

function rootsOf({ root, unpublishedRoot }: RecordPage, treeName: string): object {
  return {
    ...(root && { root: rootOf(root, treeName) }),
    ...(unpublishedRoot && {
      unpublished_root: {
        size: unpublishedRoot.size,
        root_hash: unpublishedRoot.rootHash,
        tree_name: treeName,
      },
    }),
  };
}

function rootOf(root: PublishedRoot, treeName: string): object {
  return {
    size: root.size,
    root_hash: root.rootHash,
    published_at: root.publishedAt,
    tree_name: treeName,
    ...(root.consistencyProof && { consistency_proof: root.consistencyProof }),
  };
}

type Restriction = SearchResult["restriction"];

function sameRestriction(a: Restriction, b: Restriction): boolean {
  return inOneOrder(a) === inOneOrder(b);
}

function inOneOrder(restriction: Restriction): string {
  const fields = Object.keys(restriction).toSorted();
  return JSON.stringify(fields.map((field) => [field, restriction[field]?.toSorted()]));
}
