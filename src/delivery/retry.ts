/** How failed deliveries are repeated. */
export interface RetryOptions {
  /**
   * Longest pause after a first failure, in milliseconds; doubled with each failure that follows.
   * @default 500
   */
  initialBackoffMillis?: number;
  /**
   * The most that a pause grows to, and the most of a Retry-After that is honoured, in milliseconds.
   * @default 60000
   */
  maxBackoffMillis?: number;
  /**
   * How often one record may fail by itself, while the receiver takes others in between, until it
   * is given up and kept as a dead letter.
   * @default 10
   */
  giveUpAfter?: number;
}

/** The defaults of {@link RetryOptions}. */
export const retryDefaults: Required<RetryOptions> = {
  initialBackoffMillis: 500,
  maxBackoffMillis: 60_000,
  giveUpAfter: 10,
};

/** What one pause follows from. */
export interface Failure {
  /** Attempts that failed in a row, from 1. */
  failures: number;
  /** From 0 to below 1. */
  random: number;
  /** What the receiver asked for. */
  retryAfterMillis?: number | undefined;
}

/**
 * How long to wait before the next attempt: as long as the receiver asks for (RFC 9110, section
 * 10.2.3), up to the most that a pause may be. Where it asks for nothing, exponential with full
 * jitter, so that many processes whose receiver came back do not arrive at once.
 */
export function pauseMillis(
  { failures, random, retryAfterMillis = 0 }: Failure,
  { initialBackoffMillis, maxBackoffMillis }: Required<RetryOptions> = retryDefaults,
): number {
  if (retryAfterMillis > 0) return Math.min(retryAfterMillis, maxBackoffMillis);
  const ceiling = Math.min(
    maxBackoffMillis,
    initialBackoffMillis * 2 ** Math.min(failures - 1, 32),
  );
  return random * ceiling;
}
