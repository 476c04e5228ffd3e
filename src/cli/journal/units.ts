const steps = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** A length of time for people, in one unit. What a clock that jumped makes negative is none. */
export function age(millis: number): string {
  const [unit, size] = steps.find(([, step]) => millis >= step) ?? ["s", 1_000];
  return `${Math.max(0, Math.floor(millis / size))} ${unit}`;
}

/** A size for people. */
export function bytes(count: number): string {
  if (count < 1_024) return `${count} B`;
  const mib = count / 1_024 ** 2;
  return mib < 1 ? `${Math.ceil(count / 1_024)} KiB` : `${mib.toFixed(1)} MiB`;
}
