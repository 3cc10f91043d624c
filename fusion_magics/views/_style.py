"""The look of the static views, as one small sheet.

Colours are mixed from the page's own text colour, so that they fit whatever the page is: light or
dark JupyterLab, a dark exported page, an editor. ``prefers-color-scheme`` would only be a guess at
that, and a wrong one on a white page under a dark desktop. Where JupyterLab's variables exist,
they give the hues. The layout follows the width of the output, not of the window (a container
query), since a notebook is often one half of a screen.
"""

from __future__ import annotations

import re

# Each selector starts with .fz, twice where JupyterLab's own rules for tables must be outdone.
_SHEET = """
.fz{container:fz/inline-size;width:100%;max-width:1040px;color:inherit;overflow-wrap:anywhere;
 font:13px/1.5 var(--jp-ui-font-family,system-ui,"Segoe UI",sans-serif);
 --blue:color-mix(in srgb,var(--jp-brand-color1,#1976d2) 72%,currentColor);
 --green:color-mix(in srgb,var(--jp-success-color1,#388e3c) 72%,currentColor);
 --red:color-mix(in srgb,var(--jp-error-color1,#d32f2f) 76%,currentColor);
 --dim:color-mix(in srgb,currentColor 72%,transparent);
 --faint:color-mix(in srgb,currentColor 13%,transparent)}
.fz.fz p,.fz.fz ul{margin:0;padding:0}
.fz.fz .fz-h{font-size:17px;line-height:1.55;margin:2px 0 4px}
.fz .fz-h strong{font-size:22px;line-height:1.35;font-weight:600}
.fz .fz-x{white-space:pre-wrap;overflow:hidden;text-align:start}
.fz .fz-w{color:var(--dim);font-size:13px}
.fz .fz-by,.fz .fz-foot,.fz .fz-notes{color:var(--dim);font-size:12px}
.fz.fz .fz-by{margin-top:6px}.fz.fz .fz-notes{margin-top:4px;list-style:none}
.fz .fz-notes li::before{content:"! ";font-weight:700;color:var(--red)}
.fz b{font-weight:600}
.fz.fz .fz-t,.fz.fz .fz-s{border-collapse:collapse;border:0;width:100%;margin:14px 0 0;
 font-size:13px;table-layout:auto}
.fz.fz tr.fz-r,.fz.fz thead tr{background:none;border:0;border-bottom:1px solid var(--faint)}
.fz.fz .fz-t th,.fz.fz .fz-t td{padding:8px 14px 8px 0;text-align:start;vertical-align:top;
 font-weight:400;white-space:normal;border:0;max-width:none}
.fz.fz .fz-t thead th{font-size:12px;color:var(--dim);padding-block:4px 6px;white-space:nowrap}
.fz.fz .fz-t tbody th{font-weight:600;min-width:84px;max-width:170px}
.fz.fz .fz-t .fz-n{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
.fz.fz .fz-t tr>:last-child{padding-inline-end:0}
.fz.fz .fz-t .fz-k{width:20px;color:var(--dim);font-variant-numeric:tabular-nums;
 white-space:nowrap}
.fz.fz .fz-best .fz-k{color:var(--green);font-weight:700}
.fz.fz tr small{font-weight:400;font-size:11px}.fz.fz tbody small{color:var(--dim);display:block}
.fz.fz .fz-best th small{color:var(--green)}
.fz .fz-sc{display:flex;gap:8px;align-items:center;min-width:96px;max-width:150px;
 font-variant-numeric:tabular-nums}
.fz .fz-sc b{order:1;min-width:20px;text-align:end}
.fz progress{appearance:none;border:0;height:5px;width:60px;flex:1;border-radius:3px;
 overflow:hidden;background:var(--faint);color:inherit}
.fz progress::-webkit-progress-bar{background:var(--faint)}
.fz progress::-webkit-progress-value{background:var(--blue)}
.fz progress::-moz-progress-bar{background:var(--blue)}
.fz.fz :is(.fz-a,.fz-why){width:36%}.fz .fz-a strong{font-weight:600}
.fz.fz .fz-bad{color:var(--red)}
.fz details{margin:0}.fz summary{cursor:pointer}
.fz summary u{color:var(--blue);font-size:12px;text-decoration:none}
.fz summary::marker{color:var(--blue)}
.fz details[open]>summary .fz-p{display:none}
.fz details[open]>.fz-x{max-height:32em;overflow:auto}
.fz summary:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
.fz.fz .fz-s th,.fz.fz .fz-s td{padding:2px 10px 2px 0;border:0;font-weight:400;font-size:11px;
 color:var(--dim);text-align:start;white-space:nowrap;background:none}
.fz.fz .fz-s th{max-width:170px;overflow:hidden;text-overflow:ellipsis}
.fz.fz .fz-s tr{background:none;border:0}
.fz.fz .fz-s td:nth-child(2){width:100%}
.fz.fz .fz-s td:last-child{text-align:end;padding:0}
.fz .fz-s caption{text-align:start;font-size:11px;color:var(--dim);padding:0 0 4px}
.fz .fz-bar{display:block;position:relative;height:8px;border-radius:4px;overflow:hidden;
 background:var(--faint)}
.fz .fz-bar i{position:absolute;inset-block:0;min-width:1px}
.fz .fz-s i{background:var(--blue)}
.fz .fz-s i.fz-read{background:color-mix(in srgb,var(--blue) 40%,transparent)}
.fz .fz-s i.fz-judge{background:var(--green)}
.fz .fz-s i.fz-load{background:repeating-linear-gradient(45deg,var(--faint) 0 3px,
 var(--dim) 3px 5px)}
.fz caption i{display:inline-block;width:14px;height:8px;border-radius:2px;margin-inline:8px 3px}
.fz.fz .fz-foot{margin-top:12px}
.fz .fz-sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
 white-space:nowrap}
@container fz (max-width:640px){
 .fz.fz .fz-t,.fz.fz .fz-t tbody{display:block}.fz.fz .fz-t thead{display:none}
 .fz.fz tr.fz-r{display:grid;grid-template-columns:26px 1fr auto;padding:8px 0}
 .fz.fz .fz-t tbody>tr>*{padding:1px 0;width:auto;max-width:none}
 .fz.fz .fz-t :is(.fz-c,.fz-a,.fz-why){grid-column:2/-1}
 .fz .fz-sc{max-width:none}
 .fz.fz .fz-t .fz-n{grid-area:9/3;font-size:12px;color:var(--dim)}
 .fz.fz .fz-t .fz-tok{grid-column:2;text-align:start}.fz .fz-tok::after{content:" tokens"}
 .fz.fz .fz-t .fz-sec{grid-row:1;color:inherit}.fz .fz-spd::after{content:" tokens/s"}
 .fz.fz .fz-s th{max-width:110px}
}
"""


def _squeezed(sheet: str) -> str:
    """``sheet`` without the white space that only people need."""
    return re.sub(r"\s*\n\s*", "", sheet)


STYLE = f"<style>{_squeezed(_SHEET)}</style>"
"""The sheet, ready to stand in a document."""
