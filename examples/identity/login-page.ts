/** A person whom the provider can vouch for. */
export interface Person {
  id: string;
  email: string;
  name: string;
  /**
   * Whether it knows that the address is this person's.
   * @default true
   */
  emailVerified?: boolean;
}

/** The page on which one says who one is, or refuses. It is a form without scripts. */
export function loginPage(people: readonly Person[], action: string): string {
  const choices = people.map(
    ({ id, name, email }) =>
      `<button name="person" value="${escape(id)}">${escape(name)}<small>${escape(email)}</small></button>`,
  );
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>The local OpenID provider</title>
    <style>${style}</style>
  </head>
  <body>
    <main>
      <h1>The local OpenID provider</h1>
      <p>Who are you? It runs on this machine, for this demo, and believes you.</p>
      <form method="post" action="${escape(action)}">
        ${choices.join("\n        ")}
        <button name="refuse" value="access_denied" class="quiet">Cancel</button>
      </form>
    </main>
  </body>
</html>
`;
}

const style = `
  :root { color-scheme: light dark; }
  body { margin: 0; background: light-dark(#f5f3ee, #14161a); color: light-dark(#1d1f21, #eceae4);
    font: 1rem/1.5 system-ui, sans-serif; }
  main { max-width: 24rem; margin: 8vh auto; padding: 1.5rem; border-radius: 14px;
    border: 1px solid light-dark(#e3dfd5, #2f343d); background: light-dark(#fffefb, #1c1f25); }
  h1 { margin: 0; font-size: 1.15rem; }
  p, small { color: light-dark(#63615a, #a09f99); }
  form { display: grid; gap: 0.4rem; }
  button { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem;
    padding: 0.65rem 0.9rem; border: 1px solid light-dark(#8d897d, #767c88); border-radius: 8px;
    background: none; color: inherit; font: inherit; cursor: pointer; }
  button:hover { border-color: light-dark(#17584a, #7fd1b9); }
  .quiet { justify-content: center; border-color: transparent; color: light-dark(#17584a, #7fd1b9); }
`;

const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
