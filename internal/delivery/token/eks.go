package token

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/sigv4"
)

// An EKS cluster accepts a token for 15 minutes after its time of signing. X-Amz-Expires, which
// must be at most 60, does not change that. kubectl asks for a new token a minute before the end.
const (
	eksURLLasts   = time.Minute
	eksTokenLasts = 14 * time.Minute
)

// execCredential is the JSON that kubectl reads from its exec plug-in.
type execCredential struct {
	Kind       string `json:"kind"`
	APIVersion string `json:"apiVersion"`
	Spec       any    `json:"spec"`
	Status     struct {
		ExpirationTimestamp string `json:"expirationTimestamp"`
		Token               string `json:"token"`
	} `json:"status"`
}

// eks presigns a call of sts:GetCallerIdentity, with the cluster's name in a signed header. The
// cluster makes the call, and so learns the caller's identity. See "Cluster authentication" in the
// Amazon EKS user guide and github.com/kubernetes-sigs/aws-iam-authenticator.
func eks(ctx context.Context, g delivery.Grant, o options) (fob.Delivery, error) {
	cluster := o.Cluster
	if cluster == "" || strings.ContainsFunc(cluster, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "%q is not the name of a cluster", cluster).WithHint("fob token eks CLUSTER")
	}
	where, err := region(g)
	if err != nil {
		return fob.Delivery{}, err
	}
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	host := "https://" + g.Partition.Host("sts", where)
	if own := g.Profile.Endpoint("sts"); own != "" {
		host = strings.TrimSuffix(own, "/")
	}
	url, err := sigv4.Presign(c, sigv4.Request{
		URL: host + "/?Action=GetCallerIdentity&Version=2011-06-15", Headers: []sigv4.Header{{Name: "x-k8s-aws-id", Value: cluster}},
	}, sigv4.Scope{Service: "sts", Region: where, Time: c.SigningTime(g.Now)}, eksURLLasts)
	if err != nil {
		return fob.Delivery{}, err
	}
	e := execCredential{Kind: "ExecCredential", APIVersion: "client.authentication.k8s.io/" + o.API, Spec: struct{}{}}
	e.Status.Token = "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(url))
	e.Status.ExpirationTimestamp = ends(g, c, eksTokenLasts).UTC().Format(time.RFC3339)
	text, err := json.Marshal(e)
	if err != nil {
		return fob.Delivery{}, fob.Errorf(fob.ErrInternal, "the token does not fit kubectl's format")
	}
	return fob.Delivery{Stdout: string(text) + "\n"}, nil
}
