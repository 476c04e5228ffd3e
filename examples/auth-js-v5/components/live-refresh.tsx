"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Asks for the page anew every so often, while somebody looks at it. */
export function LiveRefresh({ everyMillis }: { everyMillis: number }) {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") router.refresh();
    }, everyMillis);
    return () => clearInterval(timer);
  }, [router, everyMillis]);
  return null;
}
