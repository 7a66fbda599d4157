package sso

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	portal "github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sso/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"fob/internal/fob"
	"fob/internal/principal"
)

// workers is how many calls are under way at once: enough that the rate and not
// the answer's time is the limit, up to answers of a second.
const workers = 24

// pageSize is the portal's maximum.
const pageSize = 100

// discover lists all accounts, then the roles of each, all calls behind one
// limiter. A token that dies on the way is renewed once for all workers, by the
// source.
func discover(ctx context.Context, p fob.Profile, env principal.Env, d principal.Discovery) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &search{name: p.Name, portal: portalClient(p, env, 1), limit: newLimiter(), source: d.Source}
	accounts, err := s.accounts(ctx)
	if err != nil {
		return err
	}
	queue := make(chan fob.Account)
	var reporting sync.Mutex
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for a := range queue {
				roles, err := s.roles(ctx, a.ID)
				if err != nil {
					cancel(err)
					return
				}
				a.Roles = roles
				reporting.Lock()
				d.Found(a, len(accounts))
				reporting.Unlock()
			}
		})
	}
	for _, a := range accounts {
		reporting.Lock()
		d.Found(a, len(accounts))
		reporting.Unlock()
		if d.Done[a.ID] {
			continue
		}
		select {
		case queue <- a:
		case <-ctx.Done():
		}
	}
	close(queue)
	running.Wait()
	return context.Cause(ctx)
}

type search struct {
	name   string
	portal *portal.Client
	limit  *limiter
	source principal.Principal
}

func (s *search) accounts(ctx context.Context) ([]fob.Account, error) {
	var all []fob.Account
	var next *string
	for {
		var out *portal.ListAccountsOutput
		err := s.call(ctx, func(token string) (err error) {
			out, err = s.portal.ListAccounts(ctx, &portal.ListAccountsInput{AccessToken: &token, MaxResults: aws.Int32(pageSize), NextToken: next})
			return err
		})
		if err != nil {
			return nil, principal.Explain(s.name, "accounts", err)
		}
		for _, a := range out.AccountList {
			all = append(all, fob.Account{ID: aws.ToString(a.AccountId), Name: aws.ToString(a.AccountName), Email: aws.ToString(a.EmailAddress)})
		}
		if next = out.NextToken; aws.ToString(next) == "" {
			return all, nil
		}
	}
}

func (s *search) roles(ctx context.Context, account string) ([]string, error) {
	names := []string{}
	var next *string
	for {
		var out *portal.ListAccountRolesOutput
		err := s.call(ctx, func(token string) (err error) {
			out, err = s.portal.ListAccountRoles(ctx, &portal.ListAccountRolesInput{
				AccessToken: &token, AccountId: &account, MaxResults: aws.Int32(pageSize), NextToken: next})
			return err
		})
		var gone *types.ResourceNotFoundException
		if errors.As(err, &gone) {
			return names, nil // the account went while we were looking
		}
		if err != nil {
			return nil, principal.Explain(s.name, "roles of account "+account, err)
		}
		for _, r := range out.RoleList {
			names = append(names, aws.ToString(r.RoleName))
		}
		if next = out.NextToken; aws.ToString(next) == "" {
			return names, nil
		}
	}
}

// patience is how often one call is tried; throttled ones wait for the limiter
// in between, so this bounds minutes and not requests.
const patience = 12

// call makes one call when the limiter lets it, again when AWS asks to slow down
// or has a fault, and with a new token when the old one has died.
func (s *search) call(ctx context.Context, do func(token string) error) error {
	var err error
	for try := range patience {
		token, sourceErr := s.source.Credentials(ctx)
		if sourceErr != nil {
			return sourceErr
		}
		if err := s.limit.wait(ctx); err != nil {
			return err
		}
		err = do(token.SessionToken.Reveal())
		var resp *smithyhttp.ResponseError
		switch {
		case err == nil:
			s.limit.ok()
			return nil
		case principal.IsExpired(err) && try < 2:
			if r, ok := s.source.(principal.Renewable); ok {
				if err := r.Dead(ctx, token); err != nil {
					return err
				}
			}
		case !errors.As(err, &resp):
			if try >= 3 {
				return err
			}
		case resp.HTTPStatusCode() == http.StatusTooManyRequests:
			s.limit.slow(retryAfter(resp.Response.Header))
		case resp.HTTPStatusCode() < 500 || try >= 5:
			return err
		}
	}
	return err
}

func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, time.Minute)
}
