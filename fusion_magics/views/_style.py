"""The look of the static views, as one small sheet.

Colours are mixed from the page's own text colour, so that they fit whatever the page is: light or
dark JupyterLab, a dark exported page, an editor. ``prefers-color-scheme`` would only be a guess at
that, and a wrong one on a white page under a dark desktop. Where JupyterLab's variables exist,
they give the hues. The layout follows the width of the output, not of the window (a container
query), since a notebook is often one half of a screen.
"""

from __future__ import annotations

import re

from ._html import NO_MATH

# Everything is nested in .fz, twice, because JupyterLab's own rules for tables must be outdone.
_BASE = """
.fz.fz{
container:fz/inline-size;width:100%;max-width:1040px;color:inherit;overflow-wrap:anywhere;
font:13px/1.5 var(--jp-ui-font-family,system-ui,"Segoe UI",sans-serif);
--blue:color-mix(in srgb,var(--jp-brand-color1,#1976d2) 72%,currentColor);
--green:color-mix(in srgb,var(--jp-success-color1,#388e3c) 72%,currentColor);
--red:color-mix(in srgb,var(--jp-error-color1,#d32f2f) 76%,currentColor);
--dim:color-mix(in srgb,currentColor 72%,transparent);
--faint:color-mix(in srgb,currentColor 13%,transparent);

& p,& ul{margin:0;padding:0;list-style:none}
& b{font-weight:600}
.fz-h{font-size:17px;line-height:1.55;margin:2px 0 4px;text-align:start}
.fz-h strong{font-size:22px;line-height:1.35;font-weight:600}
.fz-x{white-space:pre-wrap;overflow:hidden;text-align:start}
.fz-w{color:var(--dim);font-size:13px}
& pre{margin:2px 0;padding:4px 8px;border:0;border-radius:3px;white-space:pre-wrap;
overflow-wrap:inherit;font:12px/1.5 var(--jp-code-font-family,ui-monospace,monospace);color:inherit;
background:color-mix(in srgb,currentColor 6%,transparent)}
.fz-by,.fz-foot,.fz-notes{color:var(--dim);font-size:12px;margin-top:6px}
.fz-notes li::before{content:"! ";font-weight:700;color:var(--red)}
.fz-foot{margin-top:12px}
.fz-bad{color:var(--red)}
.fz-sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}

& summary{cursor:pointer}
& summary u{color:var(--blue);font-size:12px;text-decoration:none}
& summary::marker{color:var(--blue)}
& summary:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
& details[open]>summary .fz-p{display:none}
& details[open]>.fz-x{max-height:32em;overflow:auto}

& table{border-collapse:collapse;border:0;width:100%;margin:14px 0 0;font-size:13px;
table-layout:auto}
& thead tr,& tbody tr{background:none;border:0}
.fz-t tr{border-bottom:1px solid var(--faint)}
.fz-t :is(th,td){padding:8px 14px 8px 0;text-align:start;vertical-align:top;font-weight:400;
white-space:normal;border:0;max-width:none}
.fz-t thead th{font-size:12px;color:var(--dim);padding-block:4px 6px;white-space:nowrap}
.fz-t tbody th{font-weight:600;min-width:104px;max-width:170px}
.fz-t .fz-n{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
.fz-t tr>:last-child{padding-inline-end:0}
.fz-t .fz-k{width:20px;color:var(--dim);white-space:nowrap}
& sup{white-space:nowrap;font-size:11px;line-height:0;font-weight:600;color:var(--blue);
margin-inline-start:1px}
& tr small{font-weight:400;font-size:11px}
& tbody small{color:var(--dim);display:block}
.fz-best .fz-k{color:var(--green);font-weight:700}
.fz-best th small{color:var(--green)}
.fz-a,.fz-why{width:36%}
.fz-a:not(:has(~.fz-why)),.fz-why[colspan="1"]{width:72%}
.fz-a strong{font-weight:600}
.fz-a strong[dir]{display:block;text-align:start}
.fz-sc{display:flex;gap:8px;align-items:center;min-width:96px;max-width:150px;
font-variant-numeric:tabular-nums}
.fz-sc b{order:1;min-width:20px;text-align:end}
& progress{appearance:none;border:0;height:5px;width:60px;flex:1;border-radius:3px;
overflow:hidden;background:var(--faint);color:inherit}
& progress::-webkit-progress-bar{background:none}
& progress::-webkit-progress-value{background:var(--blue)}
& progress::-moz-progress-bar{background:var(--blue)}

.fz-s :is(th,td){padding:2px 10px 2px 0;border:0;font-weight:400;font-size:11px;
color:var(--dim);text-align:start;white-space:nowrap}
.fz-s th{max-width:170px;overflow:hidden;text-overflow:ellipsis}
.fz-s td:nth-child(2){width:100%}
.fz-s td:last-child{text-align:end;padding:0}
& caption{text-align:start;font-size:11px;color:var(--dim);padding:0 0 4px}
.fz-bar{display:block;position:relative;height:8px;border-radius:4px;overflow:hidden;
background:var(--faint)}
& i{background:var(--blue)}
.fz-bar i{position:absolute;inset-block:0;min-width:1px}
& caption i{display:inline-block;width:14px;height:8px;border-radius:2px;margin-inline:8px 3px}
& .fz-read{background:color-mix(in srgb,var(--blue) 40%,transparent)}
& .fz-judge{background:var(--green)}
& .fz-load{background:repeating-linear-gradient(45deg,var(--faint) 0 3px,var(--dim) 3px 5px)}
}

@container fz (max-width:640px){
.fz.fz{
.fz-t,.fz-t tbody{display:block}
.fz-t thead{display:none}
.fz-t tbody tr{display:grid;grid-template-columns:26px 1fr auto;padding:8px 0}
.fz-t tbody>tr>*{padding:1px 0;width:auto;max-width:none}
.fz-t :is(.fz-c,.fz-a,.fz-why){grid-column:2/-1;width:auto}
.fz-sc{max-width:none}
.fz-t .fz-n{grid-area:9/3;font-size:12px;color:var(--dim)}
.fz-t .fz-tok{grid-column:2;text-align:start}
.fz-tok::after{content:" tokens"}
.fz-t .fz-sec{grid-row:1;color:inherit}
.fz-spd::after{content:" tokens/s"}
.fz-t .fz-usd{grid-area:10/3}
.fz-s th{max-width:110px}
}}
"""


# The parts of the look that not every fusion needs, by the class that asks for each.
# One more .fz than the base, whose later copies in other outputs of the page must not outdo these.
_PARTS = {
    "fz-u": """
.fz.fz.fz{
--line:color-mix(in srgb,var(--blue) 45%,transparent);
.fz-u u{text-decoration:underline 2px var(--line);text-underline-offset:4px}
.fz-u div{border-inline-start:2px solid var(--line);padding-inline-start:10px;margin:6px 0}
.fz-u .fz-own{color:var(--dim);text-decoration:underline 2px dotted var(--dim)}
.fz-u div.fz-own{text-decoration:none;border-inline-start:2px dotted var(--dim)}
}
""",
    "fz-md": """
.fz.fz.fz{
.fz-md :is(p,li,th,td,blockquote,[role=heading]){unicode-bidi:plaintext;text-align:start}
.fz-md :where(ul,ol,blockquote){margin:0;padding:0;padding-inline-start:24px}
.fz-md>*+*,.fz-md blockquote>*+*{margin-top:8px}
.fz-md ul{list-style:disc}
.fz-md ol{list-style:decimal}
.fz-md :is(p,li,th,td,div) strong{font-size:inherit}
.fz-md [role=heading]{font-weight:600}
.fz-md>.fz-md-h1{font-size:1.3em}
.fz-md>.fz-md-h2{font-size:1.15em}
.fz-md blockquote{padding-inline-start:12px;
border-inline-start:3px solid var(--faint);color:var(--dim)}
.fz-md hr{border:0;border-top:1px solid var(--faint);margin:12px 0}
.fz-md a{color:var(--blue);text-decoration:underline}
.fz-md-img{color:var(--dim)}
.fz-md code{font:.92em/1.5 var(--jp-code-font-family,ui-monospace,monospace);color:inherit;
padding:1px 4px;border-radius:3px;background:color-mix(in srgb,currentColor 6%,transparent)}
.fz-md pre{white-space:pre;width:max-content;min-width:100%;box-sizing:border-box}
.fz-md pre code{padding:0;background:none;font-size:inherit}
.fz-md-wide{overflow-x:auto;overflow-wrap:normal;contain:inline-size}
.fz-md-wide:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
.fz-md table{width:auto;margin:0}
.fz-md :is(th,td){padding:4px 12px;border:1px solid var(--faint);vertical-align:top}
.fz-md th{font-weight:600}
.fz-md .fz-md-right{text-align:end}
.fz-md .fz-md-center{text-align:center}
.fz-md math{font-size:1.1em}
.fz-md [mathvariant^=bold]{font-weight:700}
.fz-md [mathvariant=monospace]{font-family:ui-monospace,monospace}
.fz-md menclose{background:linear-gradient(to top right,#0000 calc(50% - .5px),currentColor 50%,
#0000 calc(50% + .5px))}
.fz-md menclose[notation=box]{background:none;border:1px solid;padding:3px 5px}
.fz-md .fz-u{text-decoration:underline 2px var(--line);text-underline-offset:4px}
.fz-md .fz-own{color:var(--dim);text-decoration:underline 2px dotted var(--dim)}
.fz-md :is(.k,.kc,.kd,.kn,.kr,.kt,.ow,.nt,.na,.cp,.gh){color:var(--blue)}
.fz-md :is(.s,.s1,.s2,.sa,.sb,.sc,.sd,.se,.sh,.si,.sr,.ss,.sx,.dl,.gi){color:var(--green)}
.fz-md :is(.m,.mb,.mf,.mh,.mi,.mo,.il,.nd,.ne,.gd,.gr){color:var(--red)}
.fz-md :is(.c,.c1,.ch,.cm,.cpf,.cs,.go){color:var(--dim);font-style:italic}
.fz-md :is(.nc,.nf,.fm,.gh,.gs){font-weight:600}
}
""",
    "fz-cr": """
.fz.fz.fz{
.fz-cr{font-size:11px;color:var(--dim);line-height:1.55}
.fz-cr span{flex:0 0 72px}
.fz-cr b{font-weight:400;min-width:22px}
.fz-sc:has(+.fz-cr) b{min-width:22px}
.fz-cr progress{height:4px}
}
@container fz (min-width:641px){
.fz.fz.fz{
.fz-t:has(.fz-cr) :is(.fz-a,.fz-why){width:31%}
.fz-sc:has(+.fz-cr),.fz-cr{width:168px;max-width:none}
}}
""",
    "fz-o": """
.fz.fz.fz{
.fz-o{margin-top:10px;font-size:12px}
.fz-o>p{color:var(--dim)}
.fz-o li li b{font-weight:400;color:var(--dim)}
.fz-o>details>ul{margin-inline-start:16px}
.fz-o>details>ul>li{margin-top:6px}
.fz-o li li :is(ul,.fz-x),.fz-log li>ul{margin-inline-start:14px}
}
@container fz (min-width:641px){
.fz.fz.fz .fz-o:not(.fz-log)>details>ul>li{display:grid;grid-template-columns:120px 1fr}
.fz.fz.fz .fz-o:not(.fz-log)>details>ul>li>details{grid-column:2}
}
""",
    "fz-j": """
.fz.fz.fz{
.fz-j{margin-top:12px;font-size:12px}
.fz-j p{color:var(--dim);margin-top:6px}
.fz-j>p:first-child{font-size:13px;color:inherit}
.fz-j>ul{display:grid;gap:14px;margin:8px 0;
grid-template-columns:repeat(auto-fit,minmax(118px,1fr))}
.fz-j li{border-top:3px solid var(--green);padding-top:6px}
.fz-j em{display:block;font-style:normal;font-weight:600;color:var(--green)}
.fz-j .fz-skip{border-color:var(--red)}
.fz-j .fz-skip em{color:var(--red)}
.fz-j .fz-none{border-color:var(--faint)}
.fz-j .fz-none em{color:inherit}
.fz-j li>b{display:block;font-size:20px;line-height:1.2;font-variant-numeric:tabular-nums}
.fz-j :is(li bdi,.fz-x){color:var(--dim)}
.fz-j .fz-bad{color:var(--red)}
.fz-wide{overflow-x:auto}
.fz-j :is(th,td){padding:4px 14px 4px 0;text-align:start;vertical-align:top;font-size:12px;
font-weight:400;border-bottom:1px solid var(--faint)}
}
""",
    "fz-r": """
.fz.fz.fz{
.fz-r{margin-top:12px}
.fz-who{font-weight:600}
.fz-r>details{margin-top:6px}
.fz-r li{display:grid;grid-template-columns:20px minmax(80px,150px) 1fr;gap:0 8px;
padding:5px 0 5px 9px;border-inline-start:3px solid var(--faint)}
.fz-r details>ul{margin:4px 0 0 4px}
.fz-r .fz-k{color:var(--dim)}
.fz-r .fz-moved{border-color:var(--blue);
background:linear-gradient(90deg,color-mix(in srgb,var(--blue) 7%,transparent),transparent)}
.fz-r em{font-style:normal;font-weight:600;color:var(--blue)}
.fz-r strong{font-weight:600}
}
@container fz (max-width:640px){
.fz.fz.fz{
.fz-r li{grid-template-columns:20px 1fr}
.fz-r li>div{grid-column:2}
}}
""",
    "fz-chart": """
.fz.fz.fz{
.fz-chart{margin-top:8px}
.fz-chart img{display:block;width:100%;max-width:595px;height:auto;border-radius:6px}
}
""",
    "fz-g": """
.fz.fz.fz{
.fz-g div{overflow-x:auto;position:relative;margin-top:10px}
.fz-g div:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
.fz-g table{width:auto;margin:0;font-size:12px;border-collapse:separate;border-spacing:2px}
.fz-g :is(th,td){border:0;padding:5px 6px;font-weight:400;max-width:none}
.fz-g :is(td,thead th){min-width:24px;text-align:center;font-variant-numeric:tabular-nums;
white-space:nowrap}
.fz-g thead th{color:var(--dim);padding-block:0}
.fz-g tbody th{text-align:start;max-width:220px;padding-inline-start:0;white-space:nowrap;
overflow:hidden;text-overflow:ellipsis}
.fz-g tbody th b{display:inline-block;min-width:20px;color:var(--dim);font-weight:400}
.fz-g tbody td{border-radius:3px;
background:color-mix(in srgb,var(--blue) calc(4% + 38%*var(--share)),transparent)}
.fz-g caption{font-size:12px;font-weight:600;color:inherit;white-space:nowrap}
.fz-g p{font-size:11px;color:var(--dim);margin-top:2px}
}
@container fz (max-width:640px){
.fz.fz.fz .fz-g tbody th{max-width:116px}
}
""",
    "fz-d": """
.fz.fz.fz{
--gone:color-mix(in srgb,var(--red) 16%,transparent);
--new:color-mix(in srgb,var(--green) 18%,transparent);
.fz-d table{table-layout:fixed;margin-top:6px}
.fz-d tbody{border-block:1px solid var(--faint)}
.fz-d :is(th,td){width:50%;padding:1px 14px;text-align:start;vertical-align:top;border:0;
font-weight:400;white-space:normal;max-width:none}
.fz-d tr>:first-child{padding-inline-start:0}
.fz-d tr>:last-child{padding-inline-end:0}
.fz-d td+td,.fz-d th+th{border-inline-start:1px solid var(--faint)}
.fz-d th{font-weight:600;padding-bottom:6px}
.fz-d tbody tr:first-child>td{padding-top:5px}
.fz-d tbody tr:last-child>td{padding-bottom:5px}
.fz-d th b{color:var(--red);font-weight:700}
.fz-d th+th b{color:var(--green)}
.fz-same td{color:var(--dim)}
& del,& ins{border-radius:2px;padding:1px 0;color:inherit;box-decoration-break:clone;
-webkit-box-decoration-break:clone}
& del{background:var(--gone);text-decoration:line-through 1px var(--red)}
& ins{background:var(--new);text-decoration:underline 2px var(--green);text-underline-offset:3px}
& del::before,& ins::before{position:absolute;width:1px;height:1px;overflow:hidden;
clip-path:inset(50%);white-space:nowrap}
& del::before{content:" removed: "}
& ins::before{content:" added: "}
}
@container fz (max-width:640px){
.fz.fz.fz{
.fz-d :is(table,caption,thead,tbody,tr,th,td){display:block;width:auto}
.fz-d :is(th,td){padding:2px 0 2px 18px}
.fz-d td+td,.fz-d th+th{border:0}
.fz-d tr>:first-child{padding-inline-start:18px}
.fz-d tbody tr:not(.fz-same){padding-block:4px}
.fz-d :is(th,td){position:relative}
.fz-d th b,.fz-d td::before{position:absolute;inset-inline-start:0;font-weight:700}
.fz-d td::before{content:"−"/"";color:var(--red)}
.fz-d td+td::before{content:"+"/"";color:var(--green)}
.fz-d td:empty,.fz-d .fz-same td+td,.fz-d .fz-same td::before{display:none}
}}
""",
}


def _squeezed(sheet: str) -> str:
    """``sheet`` without the white space that only people need."""
    return re.sub(r"\s*\n\s*", "", sheet)


def every() -> str:
    """The whole sheet, for a page that shows more than one fusion."""
    return _squeezed("".join((_BASE, *_PARTS.values())))


def style(content: str) -> str:
    """The sheet for ``content``, ready to stand before it.

    Text in ``content`` is escaped, so that no quotation in it can look like a class.
    """
    used = (part for css, part in _PARTS.items() if re.search(rf'class="[^"]*\b{css}\b', content))
    return f"<style>{_squeezed(''.join((_BASE, *used)))}</style>"


def alone(content: str) -> str:
    """``content``, a part of a view, as a view of its own: with root and sheet."""
    return f'<div class="fz {NO_MATH}">{style(content)}{content}</div>'
