/** Leads from the page of one router to that of the other. */
export function Routers({ current }: { current: "/" | "/pages-router" }) {
  const mark = (href: string) => (href === current ? ("page" as const) : undefined);
  return (
    <nav aria-label="Router">
      <a href="/" aria-current={mark("/")}>
        App Router
      </a>
      <a href="/pages-router" aria-current={mark("/pages-router")}>
        Pages Router
      </a>
    </nav>
  );
}
