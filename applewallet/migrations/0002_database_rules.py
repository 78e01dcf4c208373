from django.db import migrations

from shops.constraints import refuse, same_brand

# A device must never miss a change. So tags are drawn at commit, by a trigger that is deferred to it, from a row that
# stays locked until the commit is done: what commits later has the greater tag. The brand's types are locked in one
# order, so that two commits never wait for each other (docs/decisions.md; apple-wallet.md §F.4).
# Where a push waits already it is enough, but it must not go before this commit: the device would ask too early and find
# nothing. So it is updated to what it is, which locks it.
PACKAGE_CHANGED = """
CREATE FUNCTION applewallet_package_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tag bigint;
BEGIN
    PERFORM 1 FROM applewallet_packagetype WHERE brand_id = NEW.brand_id ORDER BY id FOR NO KEY UPDATE;
    UPDATE applewallet_packagetype SET seq = seq + 1 WHERE id = NEW.type_id RETURNING seq INTO tag;
    UPDATE applewallet_package SET update_seq = tag WHERE id = NEW.id;
    INSERT INTO applewallet_push (brand_id, type_id, push_token, state)
    SELECT DISTINCT d.brand_id, d.type_id, d.push_token, 'pending'
    FROM applewallet_registration r JOIN applewallet_device d ON d.id = r.device_id
    WHERE r.package_id = NEW.id
    ON CONFLICT (type_id, push_token) WHERE state = 'pending' DO UPDATE SET due_at = applewallet_push.due_at;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER applewallet_package_changed AFTER INSERT OR UPDATE OF version ON applewallet_package
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION applewallet_package_changed();
"""

# A device registers some time after it fetched the package. If the package changed meanwhile, its list shows that, as
# the registration's tag is new; and a push has it ask soon.
REGISTERED = """
CREATE FUNCTION applewallet_registered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tag bigint;
BEGIN
    PERFORM 1 FROM applewallet_packagetype WHERE brand_id = NEW.brand_id ORDER BY id FOR NO KEY UPDATE;
    UPDATE applewallet_packagetype t SET seq = t.seq + 1
    FROM applewallet_package p WHERE p.id = NEW.package_id AND t.id = p.type_id RETURNING t.seq INTO tag;
    UPDATE applewallet_registration SET seq = tag WHERE id = NEW.id;
    INSERT INTO applewallet_push (brand_id, type_id, push_token, state)
    SELECT d.brand_id, d.type_id, d.push_token, 'pending'
    FROM applewallet_device d JOIN applewallet_package p ON p.id = NEW.package_id
    WHERE d.id = NEW.device_id AND p.version > 1 AND p.last_modified > now() - interval '1 minute'
    ON CONFLICT (type_id, push_token) WHERE state = 'pending' DO UPDATE SET due_at = applewallet_push.due_at;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER applewallet_registered AFTER INSERT ON applewallet_registration
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION applewallet_registered();
"""


class Migration(migrations.Migration):
    dependencies = [("applewallet", "0001_initial")]

    operations = [
        same_brand("applewallet_credential", "type_id", "applewallet_packagetype"),
        same_brand("applewallet_package", "type_id", "applewallet_packagetype"),
        same_brand("applewallet_device", "type_id", "applewallet_packagetype"),
        same_brand("applewallet_push", "type_id", "applewallet_packagetype"),
        same_brand("applewallet_devicelog", "type_id", "applewallet_packagetype"),
        same_brand("applewallet_registration", "device_id", "applewallet_device"),
        same_brand("applewallet_registration", "package_id", "applewallet_package"),
        same_brand("applewallet_personalization", "package_id", "applewallet_package"),
        # They stand in packages on members' phones.
        refuse(
            "applewallet_packagetype",
            "UPDATE OF brand_id, kind_name, identifier, team_id, slug",
            "what stands in packages on phones does not change",
        ),
        refuse(
            "applewallet_package",
            "UPDATE OF brand_id, type_id, serial",
            "what stands in packages on phones does not change",
        ),
        migrations.RunSQL(
            PACKAGE_CHANGED,
            "DROP TRIGGER applewallet_package_changed ON applewallet_package;"
            "DROP FUNCTION applewallet_package_changed()",
        ),
        migrations.RunSQL(
            REGISTERED,
            "DROP TRIGGER applewallet_registered ON applewallet_registration; DROP FUNCTION applewallet_registered()",
        ),
    ]
