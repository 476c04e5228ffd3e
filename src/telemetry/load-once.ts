/**
 * Loads something at the first call, and gives it to every later one. Where loading fails, the next
 * call tries again: a module can be out of reach for a moment, as when no descriptor is free.
 */
export function loadOnce<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}
