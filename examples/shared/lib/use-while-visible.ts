import { useEffect } from "react";

const wanted = "authlog-demo-refresh";

/**
 * Does something every so often, and when {@link refreshNow} asks for it, while somebody looks at the
 * page. `act` must stay the same function.
 */
export function useWhileVisible(everyMillis: number, act: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") act();
    }, everyMillis);
    window.addEventListener(wanted, act);
    return () => {
      clearInterval(timer);
      window.removeEventListener(wanted, act);
    };
  }, [everyMillis, act]);
}

/** Asks for the page anew, in whichever router it is. */
export function refreshNow(): void {
  window.dispatchEvent(new Event(wanted));
}
