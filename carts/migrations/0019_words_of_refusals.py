from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('carts', '0018_one_cart_of_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='callrecord',
            name='said',
            field=models.CharField(blank=True, db_default='', max_length=160, verbose_name='refusal'),
        ),
        migrations.AddIndex(
            model_name='callrecord',
            index=models.Index(condition=models.Q(('outcome', 'ok'), _negated=True), fields=['tool', 'outcome', '-at'], name='call_refused'),
        ),
    ]
