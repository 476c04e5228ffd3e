/** Takes everything at once, and keeps nothing. */
export const nullExporter = {
  export: (_records: unknown, done: (result: { code: 0 }) => void): void => done({ code: 0 }),
  forceFlush: (): Promise<void> => Promise.resolve(),
  shutdown: (): Promise<void> => Promise.resolve(),
};
