// Runs in every page of the browser tests before the page's own scripts, and keeps what
// tests/browser/looks.py asks for. It changes nothing that a person would see.
(() => {
  const CONTROLS = [
    "a[href]", "button", "input:not([type=hidden])", "select", "textarea", "summary",
    "[tabindex]:not([tabindex='-1'])",
  ].join(",");
  const shifts = [];
  let controls = [];
  let unfocused = [];
  let before = null;
  let scrolled = 0;

  const short = (node) => {
    const element = node instanceof Element ? node : node?.parentElement;
    return element?.outerHTML.replace(/\s+/g, " ").slice(0, 120) ?? "something";
  };

  const corner = ({ x, y }) => `${Math.round(x)},${Math.round(y)}`;
  const moved = ({ node, previousRect, currentRect }) =>
    `${short(node)} from ${corner(previousRect)} to ${corner(currentRect)}`;

  // A browser that has little time draws a page before it has read it to the end, and what follows
  // finds its place then. What is drawn of the whole page must stay where it is.
  let whole = Infinity;
  addEventListener("DOMContentLoaded", () => {
    requestAnimationFrame(() => requestAnimationFrame((at) => { whole = at; }));
  });

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.hadRecentInput && entry.startTime >= whole) {
        shifts.push(`${entry.value.toFixed(4)} ${entry.sources.map(moved).join("; ")}`);
      }
    }
  }).observe({ type: "layout-shift", buffered: true });

  const frame = () => new Promise((done) => requestAnimationFrame(() => done(null)));

  // The page without its words: the same for pages that are made of the same parts.
  const parts = () => [...document.querySelectorAll("*")].map((one) =>
    [one.tagName, one.className.baseVal ?? one.className, ...one.getAttributeNames()].join(" "));

  // What the page's scripts do by themselves has been done, and drawn: two frames show it.
  const settled = async () => {
    const works = [...document.querySelectorAll("input[name=work]")];
    while (works.some((one) => !one.value)) await frame();
    await frame();
    await frame();
    return { shifts, parts: `${document.documentElement.lang} ${parts()}` };
  };

  // Radio buttons of one name are one stop; the arrows go on from there.
  const stop = (one) => one.type === "radio" ? `${one.form?.action} ${one.name}` : one;

  const canBeUsed = (one) =>
    one.checkVisibility({ visibilityProperty: true }) && !one.matches(":disabled") &&
    !one.closest("[inert]");

  const drawn = (one) => {
    const style = getComputedStyle(one);
    return [
      style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow,
      style.borderColor, style.backgroundColor, style.textDecoration, style.clip, style.transform,
    ].join(" ");
  };

  // How a control looks; a hidden box is often drawn by its label or by what stands beside it.
  const looks = (one) =>
    [one, one.parentElement, one.nextElementSibling, ...(one.labels ?? [])]
      .filter(Boolean).map(drawn).join("|");

  const covered = (one) => {
    const box = one.getBoundingClientRect();
    const spots = [0.5, 0.1, 0.9].flatMap((x) => [0.5, 0.1, 0.9].map((y) =>
      [box.left + box.width * x, box.top + box.height * y]));
    return !spots.some(([x, y]) => {
      const top = document.elementFromPoint(x, y);
      return top !== null && (one.contains(top) || top.contains(one) ||
        [...(one.labels ?? [])].some((label) => label.contains(top)));
    });
  };

  const begin = () => {
    before = document.activeElement;
    scrolled = scrollY;
    before?.blur();
    const seen = new Set();
    controls = [...document.querySelectorAll(CONTROLS)].filter(canBeUsed).filter((one) => {
      const known = seen.has(stop(one));
      seen.add(stop(one));
      return !known;
    });
    unfocused = controls.map(looks);
    // Tab goes on from where the focus was last: let that be the beginning of the page.
    document.body.tabIndex = -1;
    document.body.focus({ preventScroll: true });
    document.body.removeAttribute("tabindex");
    return controls.map(short);
  };

  const here = () => {
    const now = document.activeElement;
    const index = controls.findIndex((one) => stop(one) === stop(now));
    if (index < 0) return null;
    const wrong = [];
    if (now === controls[index] && looks(now) === unfocused[index]) {
      wrong.push("nobody sees that it has the focus");
    }
    if (covered(now)) wrong.push("something covers it while it has the focus");
    return { index, wrong };
  };

  const end = () => {
    document.activeElement?.blur();
    if (before !== document.body) before?.focus({ preventScroll: true });
    scrollTo(0, scrolled);
  };

  Object.defineProperty(window, "looks", { value: { settled, begin, here, end } });
})();
