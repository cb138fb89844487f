/** The style sheet of all pages, in both colour schemes. Its hash is in the content security policy. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1d2433, #dde3ee);
  --dim: light-dark(#667085, #8f9bb0);
  --back: light-dark(#f6f7f9, #12161d);
  --card: light-dark(#ffffff, #1a202a);
  --line: light-dark(#e2e6ec, #2b3442);
  --link: light-dark(#0b62c4, #7db7ff);
  --good: light-dark(#0f7b43, #63d297);
  --warn: light-dark(#94600a, #f0bd62);
  --bad: light-dark(#b3261e, #ff8d85);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 14px/1.5 system-ui, "DejaVu Sans", sans-serif; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
header { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; align-items: baseline; padding: .7rem 1.5rem;
  background: var(--card); border-bottom: 1px solid var(--line); }
nav { display: flex; flex-wrap: wrap; gap: .4rem 1.1rem; }
nav a { padding-bottom: .1rem; border-bottom: 2px solid transparent; }
nav a[aria-current] { color: var(--text); border-bottom-color: var(--link); }
main { padding: 1rem 1.5rem 3rem; max-width: 90rem; }
h1 { font-size: 1.35rem; margin: .3rem 0 .8rem; overflow-wrap: anywhere; }
h2 { font-size: 1.02rem; margin: 1.6rem 0 .5rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 75rem; overflow-wrap: anywhere; }
.json { font-size: .72rem; font-weight: normal; border: 1px solid var(--line); border-radius: .3rem;
  padding: .1rem .45rem; vertical-align: middle; margin-left: .3rem; }
.wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
.wide + .wide { margin-top: .6rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .38rem .8rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
tbody tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: color-mix(in srgb, var(--link) 6%, transparent); }
th { color: var(--dim); font-weight: 600; font-size: .82rem; white-space: nowrap; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .35rem 1.2rem; margin: .5rem 0;
  padding: .7rem .8rem; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
dt { color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
pre { margin: .5rem 0; padding: .8rem; overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; }
pre, code { font: .88em/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
.short { white-space: nowrap; }
td > div + div, dd > div + div { margin-top: .15rem; }
.dim { color: var(--dim); }
.badge { display: inline-block; padding: 0 .5rem; border-radius: 1rem; border: 1px solid currentColor; font-size: .8rem;
  white-space: nowrap; color: var(--dim); }
.good { color: var(--good); }
.warn { color: var(--warn); }
.bad { color: var(--bad); }
form { display: flex; flex-wrap: wrap; gap: .8rem; align-items: end; margin: .8rem 0; }
label { display: flex; flex-direction: column; gap: .2rem; }
label:has(textarea) { flex-basis: 100%; }
label span { color: var(--dim); font-size: .82rem; }
input, textarea, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: .35rem; padding: .35rem .6rem; }
input, select { height: 2.2rem; }
input { min-width: 13rem; }
input[name="url"] { min-width: min(36rem, 85vw); }
textarea { width: min(46rem, 92vw); font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .88em; }
button { font: inherit; color: var(--card); background: var(--link); border: 0; border-radius: .35rem;
  padding: .42rem 1.1rem; cursor: pointer; }
`;
