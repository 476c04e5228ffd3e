"use client";

import { useRouter } from "next/navigation";
import { useCallback } from "react";
import { useWhileVisible } from "../lib/use-while-visible";

/** Asks for a page of the App Router anew every so often, while somebody looks at it. */
export function LiveRefresh({ everyMillis }: { everyMillis: number }) {
  const router = useRouter();
  const refresh = useCallback(() => router.refresh(), [router]);
  useWhileVisible(everyMillis, refresh);
  return null;
}
