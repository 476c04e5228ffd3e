import { useEffect } from "react";

/** Does something every so often, while somebody looks at the page. `act` must stay the same function. */
export function useWhileVisible(everyMillis: number, act: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") act();
    }, everyMillis);
    return () => clearInterval(timer);
  }, [everyMillis, act]);
}
