# Makes bucket, policy and user; what is there already stays. ENDPOINT, ROOT_USER, ROOT_PASSWORD, ACCESS_KEY, SECRET_KEY come from the environment.
set -eu
mc alias set store "$ENDPOINT" "$ROOT_USER" "$ROOT_PASSWORD"
mc mb --ignore-existing store/millrace
cat >/tmp/policy.json <<'POLICY'
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:GetBucketLocation", "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"],
      "Resource": ["arn:aws:s3:::millrace"]
    },
    {
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
      "Resource": ["arn:aws:s3:::millrace/*"]
    }
  ]
}
POLICY
mc admin policy create store millrace /tmp/policy.json
mc admin user add store "$ACCESS_KEY" "$SECRET_KEY"
mc admin policy attach store millrace --user "$ACCESS_KEY" || mc admin user info store "$ACCESS_KEY" | grep -q millrace
