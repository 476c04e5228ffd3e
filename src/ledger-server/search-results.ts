import type { Search } from "../ledger/search/sql.ts";

/** What a search found, kept so that its pages stay the same while the ledger grows. */
export interface SearchResult {
  readonly ids: readonly number[];
  readonly verbose: boolean;
  readonly restriction: Search["restriction"];
  readonly expiresAtMillis: number;
}

/** The results of the latest searches. */
export interface SearchResults {
  keep: (id: string, result: SearchResult) => void;
  /** Undefined when there is none, it is past its time, or others took its place. */
  get: (id: string, nowMillis: number) => SearchResult | undefined;
}

/** How long a result can be paged through. */
export const resultTtlMillis: number = 3_600_000;
/** With at most 10,000 ids each, some megabytes at worst. */
const maxResults = 64;

/** Records never change, so their ids are the whole snapshot. */
export function createSearchResults(): SearchResults {
  const results = new Map<string, SearchResult>();
  return {
    keep: (id, result) => {
      results.set(id, result);
      // A Map keeps the order of insertion: the first is the oldest.
      const [oldest] = results.keys();
      if (results.size > maxResults && oldest !== undefined) results.delete(oldest);
    },
    get: (id, nowMillis) => {
      const result = results.get(id);
      return result !== undefined && result.expiresAtMillis > nowMillis ? result : undefined;
    },
  };
}
