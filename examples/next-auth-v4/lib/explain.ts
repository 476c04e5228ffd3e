import { problemText } from "authlog-example-shared/lib/problems";

/** Next-auth 4 has no codes beside its errors: the one that `authorize` threw stands in their place. */
export function explain(error: string | null | undefined): string | undefined {
  return error ? problemText(error, error) : undefined;
}
