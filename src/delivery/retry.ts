/** First and longest pause between two attempts at the same batch, in milliseconds. */
const firstPauseMillis = 500;
const longestPauseMillis = 60_000;

/**
 * How long to wait before the next attempt: exponential with full jitter, so that many processes
 * whose receiver came back do not arrive at once. What the receiver asks for is a floor.
 *
 * @param failures attempts that failed in a row, from 1
 * @param random from 0 to below 1
 * @param retryAfterMillis what the receiver asked for
 */
export function pauseMillis(failures: number, random: number, retryAfterMillis = 0): number {
  const ceiling = Math.min(longestPauseMillis, firstPauseMillis * 2 ** Math.min(failures - 1, 16));
  return Math.max(Math.min(retryAfterMillis, longestPauseMillis), random * ceiling);
}
