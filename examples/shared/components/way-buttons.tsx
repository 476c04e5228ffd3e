/** One way to do what a form is for: a button, and what it sets off. */
export interface Way {
  label: string;
  act: (form: FormData) => Promise<void>;
}

/** The buttons of a form. Enter takes the first. */
export function WayButtons({ ways }: { ways: readonly Way[] }) {
  return (
    <div className="buttons">
      {ways.map(({ label, act }, index) => (
        <button key={label} formAction={act} {...(index > 0 && { className: "quiet" })}>
          {label}
        </button>
      ))}
    </div>
  );
}
