/** The style of the page, light and dark, from a phone to a wide screen. */
export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --card: #f6f7f9; --text: #1b1f24; --dim: #57606a; --line: #d8dee4;
  --good: #116329; --warn: #7a4d00; --bad: #a40e26; --good-back: #dafbe1; --warn-back: #fff1c2; --bad-back: #ffe2e0; --none-back: #e7eaee; }
@media (prefers-color-scheme: dark) {
  :root { --back: #0f1317; --card: #181e25; --text: #e3e8ee; --dim: #9aa6b2; --line: #303942;
    --good: #7ee2a0; --warn: #f2cc60; --bad: #ff9d96; --good-back: #12351f; --warn-back: #3b2f0b; --bad-back: #4a1c1c; --none-back: #2a323b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .3rem; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.2rem; line-height: 1.3; }
p { margin: .3rem 0; overflow-wrap: anywhere; }
a { color: inherit; }
code { font: .86em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.lead { font-size: 1.1rem; }
.dim, .remark { color: var(--dim); font-size: .92rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; }
.tile { flex: 1 1 8rem; padding: .6rem .9rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); text-decoration: none; }
.tile b { display: block; font-size: 1.6rem; line-height: 1.2; }
.tile.ready b { color: var(--good); } .tile.look b { color: var(--warn); } .tile.blocked b, .tile.lost b { color: var(--bad); }
.ingress { margin: .6rem 0; padding: .6rem .9rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
summary { cursor: pointer; overflow-wrap: anywhere; }
ul.rows { list-style: none; margin: .5rem 0 0; padding: 0; }
.row { display: grid; grid-template-columns: 5.6rem 1fr; gap: .7rem; padding: .5rem 0; border-top: 1px solid var(--line); }
.row div { min-width: 0; }
.key { font-weight: 600; }
.badge { display: inline-block; align-self: start; justify-self: start; padding: 0 .5rem; border-radius: 1rem; background: var(--none-back); font-size: .82rem; white-space: nowrap; }
.badge.same, .badge.ready { background: var(--good-back); color: var(--good); }
.badge.differs, .badge.look, .badge.unknown { background: var(--warn-back); color: var(--warn); }
.badge.refused, .badge.blocked { background: var(--bad-back); color: var(--bad); }
.lost { color: var(--bad); font-weight: 600; }
.fix code { display: inline-block; padding: 0 .3rem; border-radius: .3rem; background: var(--none-back); }
.lostlist { padding-left: 1.2rem; }
dl { margin: 0; } dt { margin-top: .8rem; font-weight: 600; } dd { margin: 0; }
@media (max-width: 34rem) { .row { grid-template-columns: 1fr; gap: .2rem; } }
@media print { details::details-content { content-visibility: visible; } }
`;
