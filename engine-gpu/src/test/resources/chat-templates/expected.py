"""Renders templates as transformers do; writes JSON to standard output. Needs jinja2."""

import datetime
import json
import os
import sys

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
convs={
 'user': [dict(role='user',content='Hello')],
 'system': [dict(role='system',content='  Be brief. '),dict(role='user',content='What is 2 + 2?\n')],
 'turns': [dict(role='user',content=' Hi '),dict(role='assistant',content='Hello!'),dict(role='user',content='Bye, {{ now }} {% if %}')],
 'twousers': [dict(role='user',content='A'),dict(role='user',content='B')],
 'systurns': [dict(role='system',content='S'),dict(role='user',content='A\n\nB'),dict(role='assistant',content='Ü 😀'),dict(role='user',content='<b>"q"</b> & \'x\' \\n')],
}
def raise_exception(m): raise jinja2.exceptions.TemplateError(m)
def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
env=ImmutableSandboxedEnvironment(trim_blocks=True,lstrip_blocks=True,extensions=['jinja2.ext.loopcontrols'])
env.filters['tojson']=tojson; env.globals['raise_exception']=raise_exception
env.globals['strftime_now']=lambda f: datetime.datetime(2026,1,2,3,4,5).strftime(f)
out=[]
for f in sorted(sys.argv[1:]):
    t=env.from_string(open(f,newline='').read())
    for n,c in convs.items():
        for g in (False,True):
            try: r=t.render(messages=c,add_generation_prompt=g,bos_token='<s>',eos_token='</s>'); k='text'
            except Exception as e: r=str(e); k='error'
            out.append({'template':os.path.basename(f),'messages':c,'add_generation_prompt':g,k:r})
json.dump(out,sys.stdout,ensure_ascii=False,indent=1)
