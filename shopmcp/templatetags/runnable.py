"""Commands in templates: `{% runnable "sign_in_link" %}`."""

from django import template

from shopmcp.runnable import runnable

register = template.Library()
register.simple_tag(runnable, name="runnable")
